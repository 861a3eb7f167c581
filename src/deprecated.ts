import type { Config } from "./config.ts";

/** The agent's environment in which templates for the oldest module passed a prompt, by the variable that has it now. */
const OLD_PROMPTS = {
  ai_prompt: "SOURCEGRAPH_AMP_TASK_PROMPT",
  instruction_prompt: "SOURCEGRAPH_AMP_SYSTEM_PROMPT",
} as const;

/** Takes each prompt that the template leaves empty from the old name, with a warning that names the new one. */
export function withOldPrompts(config: Config, env: NodeJS.ProcessEnv): Config {
  const result = { ...config, warnings: [...config.warnings] };
  for (const name of ["ai_prompt", "instruction_prompt"] as const) {
    const text = env[OLD_PROMPTS[name]];
    if (config[name] !== "" || !text?.trim()) continue;
    result[name] = text;
    result.warnings.push(
      `The environment variable ${OLD_PROMPTS[name]} is deprecated: give its text to the module as ${name}.`,
    );
  }
  return result;
}
