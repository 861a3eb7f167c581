import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyModule, moduleRoot, testAgentId } from "../../terraform.ts";
import type { Part, Row } from "../part.ts";

const KIB = 1024;

/** What goes through the one argument that a script has. */
export const sizes: Part = {
  name: "sizes",
  title: "Script sizes",
  about:
    "Linux gives one argument, which is how the agent runs a script, 128 KiB. Prose stands for what people write, noise for " +
    "what nothing can compress. The floor is the input itself.",
  rounds: 1,
  async run() {
    const prose = readFileSync(join(moduleRoot, "README.md"), "utf8");
    const inputs = [
      ["without input", ""],
      ["with a prompt of 1 KiB of prose", prose.slice(0, KIB)],
      ["with a prompt of 10 KiB of prose", prose.slice(0, 10 * KIB)],
      [
        "with a prompt of 10 KiB of noise",
        randomBytes(10 * KIB)
          .toString("latin1")
          .replace(/[^!-~]/g, "x"),
      ],
    ] as const;
    const rows: Row[] = [];
    for (const [what, ai_prompt] of inputs) {
      const variables = { agent_id: testAgentId, workdir: "~/project", ...(ai_prompt && { ai_prompt }) };
      const { resources } = await applyModule({ variables: { ...variables, transport: "stream" } });
      const script = (address: string) => String(resources[address]?.values["script"] ?? "").length / KIB;
      const floor = ai_prompt === "" ? {} : { floor: [Buffer.byteLength(ai_prompt) / KIB] };
      rows.push({
        what: `start script ${what}`,
        unit: "KiB",
        ours: [script("coder_script.start")],
        ...floor,
      });
      if (ai_prompt !== "") continue;
      for (const name of ["tools", "stream_agent"])
        rows.push({
          what: `script of the bundle \`${name}\``,
          unit: "KiB",
          ours: [script(`coder_script.bundle["${name}"]`)],
        });
    }
    return rows;
  },
};
