interface Crash {
  pattern: RegExp;
  what: string;
  fix: string;
}

/** How a program says that it has crashed; Bun's `panic(main thread)` is Amp's. */
const CRASHES: readonly Crash[] = [
  {
    pattern: /^(panic: |fatal error: )/m,
    what: "AgentAPI has crashed",
    fix: "Set agentapi_version to another release.",
  },
  {
    pattern: /\bpanic\(|Bun has crashed|Segmentation fault|Illegal instruction|\bcore dumped\b/,
    what: "Amp has crashed",
    fix: "Set amp_version to another release, or leave it empty for the newest one.",
  },
];

const KILLED: Omit<Crash, "pattern"> = {
  what: "AgentAPI was killed from outside, as the system does when memory runs out",
  fix: "Give the workspace more memory, or have the agent do less at once.",
};

/** The crash that the output or the exit code tells of, or undefined. */
export function crashIn(output: string, exitCode: number): { what: string; fix: string } | undefined {
  // 128 and the number of SIGKILL.
  return CRASHES.find(({ pattern }) => pattern.test(output)) ?? (exitCode === 137 ? KILLED : undefined);
}
