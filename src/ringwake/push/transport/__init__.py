"""HTTP to push services by libcurl: warm connections, endpoints that strangers chose, proxies, certificates."""
