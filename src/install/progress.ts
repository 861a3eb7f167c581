import type { DownloadOptions } from "../base/download.ts";
import type { Log } from "../base/log.ts";

const LINE_EVERY_MS = 5_000;
const MIB = 1024 ** 2;

/** Progress of a download as log lines, at most one in five seconds, and a warning for each retry. */
export function downloadProgress(label: string, log: Log): Pick<DownloadOptions, "onProgress" | "onRetry"> {
  const started = performance.now();
  let lastLine = started;
  return {
    onProgress({ bytes, totalBytes }) {
      const now = performance.now();
      if (now - lastLine < LINE_EVERY_MS) return;
      lastLine = now;
      const share = totalBytes ? `${Math.floor((100 * bytes) / totalBytes)} %, ` : "";
      const speed = bytes / MIB / ((now - started) / 1000);
      log.tell(`${label}: ${share}${(bytes / MIB).toFixed(1)} MiB at ${speed.toFixed(1)} MiB/s`, "…");
    },
    onRetry: (reason, pauseMs) =>
      log.warn(`${label}: ${reason}; trying again in ${(pauseMs / 1000).toFixed(1)} s.`),
  };
}
