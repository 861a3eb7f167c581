import { randomBytes } from "node:crypto";
import { type Fault, type FileServer, type Route, startFileServer } from "../file-server.ts";
import { agentApiRelease, ampInstaller } from "../releases.ts";
import type { DownloadFault } from "./steps.ts";

/** A mirror of what the module downloads, with faults for a while. */
export interface Mirror {
  url: string;
  /** The next so many answers for a program are broken. */
  breakFor(of: "agentapi" | "amp", fault: DownloadFault, times: number): void;
  /** Everything is served as it should be. */
  mend(): void;
  close(): Promise<void>;
}

const INSTALLER = "/install.sh";

const FAULTS: Partial<Record<DownloadFault, Fault>> = {
  "404": { status: 404 },
  "429": { status: 429, retryAfter: 1 },
  "500": { status: 500 },
  "503": { status: 503, retryAfter: 1 },
  reset: { reset: true },
  cut: { cutAt: 700 },
  slow: { trickle: { bytes: 256 * 1024, everyMs: 20 } },
  "never ends": { neverEnds: true },
};

export async function startMirror(): Promise<Mirror> {
  const { routes } = await agentApiRelease("");
  const content: Record<string, Route> = { ...routes, [INSTALLER]: { content: await ampInstaller() } };
  const server: FileServer = await startFileServer(content);
  const pathsOf = (of: "agentapi" | "amp") =>
    Object.keys(content).filter((path) => (path === INSTALLER) === (of === "amp"));
  return {
    url: server.url,
    breakFor(of, fault, times) {
      for (const path of pathsOf(of)) {
        const route = content[path] ?? {};
        const failure = FAULTS[fault];
        if (failure) server.set(path, { ...route, faults: Array.from({ length: times }, () => failure) });
        else server.set(path, wrong(fault));
      }
    },
    mend() {
      for (const [path, route] of Object.entries(content)) server.set(path, route);
    },
    close: () => server.close(),
  };
}

function wrong(fault: DownloadFault): Route {
  if (fault === "wrong type") return { content: "<html>Please log in</html>", contentType: "text/html" };
  return { content: randomBytes(100_000) };
}
