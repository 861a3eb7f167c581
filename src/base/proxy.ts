/**
 * The proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (also in lower case, which wins) name for an
 * address, by curl's rules: `NO_PROXY` lists hosts, with or without port, each meaning its subdomains too, or `*`.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()] || "";
  const proxy = read(`${url.protocol.slice(0, -1)}_proxy`) || read("all_proxy");
  if (proxy === "" || isExempt(url, read("no_proxy"))) return undefined;
  return new URL(proxy.includes("://") ? proxy : `http://${proxy}`);
}

function isExempt(url: URL, noProxy: string): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === "*") return true;
      const [, host = "", onlyPort] = entry.match(/^(\[.*\]|[^:]*)(?::(\d+))?$/) ?? [];
      if (onlyPort && onlyPort !== port) return false;
      const name = host.replace(/^\*?\.?/, "").toLowerCase();
      return name !== "" && (url.hostname === name || url.hostname.endsWith(`.${name}`));
    });
}
