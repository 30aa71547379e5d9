// What a page's service worker does with ringwake's pushes: show, replace, count, and act without opening the page.
// The form of a push stands in docs/reference/payload.md. Copy this file; it needs nothing else.
// @ts-check
/// <reference lib="webworker" />

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("push", (event) => event.waitUntil(received(event.data)));
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clicked(event.notification.data ?? {}, event.action));
});

/**
 * Show what a push says. Browsers want every push to show something, so one that cannot be read shows a general text.
 * @param {PushMessageData | null} data
 */
async function received(data) {
  if (data === null) {
    // The server has no keys of ours (yet): it could only wake us.
    return worker.registration.showNotification("Something is waiting for you", { tag: "ringwake" });
  }
  const { ringwake, notification, app_badge: badge } = data.json();
  if (badge !== undefined) await setBadge(badge);
  for (const page of await worker.clients.matchAll({ type: "window" })) page.postMessage(ringwake);
  const shown = await worker.registration.getNotifications({ tag: notification?.tag ?? ringwake.uuid });
  // Pushes overtake each other: what is on show may be newer than what comes.
  if (shown.some((one) => one.data?.call_id === ringwake.call_id && one.data.seq > ringwake.seq)) return undefined;
  if (notification === undefined) return shown.forEach((one) => one.close());
  const { title, ...rest } = notification;
  return worker.registration.showNotification(title, { ...rest, data: ringwake });
}

/**
 * Do what was clicked. A decline needs no page and no SIP: the caller hears it at once.
 * @param {{kind?: string, call_id?: string, actions?: Record<string, string>}} about
 * @param {string} action
 */
async function clicked({ kind = "", call_id: callId = "", actions = {} }, action) {
  if (action === "decline" && actions.decline_all) {
    const answer = await fetch(actions.decline_all, { method: "POST" });
    if (answer.ok) return;
  }
  const query = new URLSearchParams({ kind, call_id: callId, action });
  const [open] = await worker.clients.matchAll({ type: "window" });
  if (open === undefined) await worker.clients.openWindow(`./?${query}`);
  else (await open.focus()).postMessage({ kind, call_id: callId, action });
}

/** @param {number} count */
async function setBadge(count) {
  // Not every browser counts, and some only for pages that were installed.
  await navigator.setAppBadge?.(count).catch(() => undefined);
}
