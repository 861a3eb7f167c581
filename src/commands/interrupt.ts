/** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(code);
    });
  }
  return controller.signal;
}
