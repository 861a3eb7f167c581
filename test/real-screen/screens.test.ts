import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { writeAmpStandIn } from "../support/stand-ins.ts";
import { type AmpUnderTest, play } from "./run.ts";
import { situations } from "./situations.ts";

const agentapi = await findAgentApi();
const under = agentapi.real ? `the real AgentAPI ${agentapi.version}` : "the stand-in AgentAPI";
const folder = await mkdtemp(join(tmpdir(), "amp-screens-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const standIn = join(folder, "amp");
await writeAmpStandIn(standIn);
const amps: AmpUnderTest[] = [{ name: "the stand-in Amp", path: standIn, isReal: false }];
const real = await findRealAmp();
if (real) amps.unshift({ name: `the real Amp ${real.version}`, path: real.path, isReal: true });

// At the same time: most of a situation is waiting.
describe.each(amps)(`Real screen, $name under ${under}`, { timeout: 120_000 }, (amp) => {
  it.concurrent.for(situations)("$name", (situation) => play(situation, amp, agentapi.path));
});

if (!real) {
  describe("Real screen", () => {
    it("LEFT OUT for the real Amp: only the stand-in was tested", ({ skip }) => {
      console.warn(`Real screen: ${whyNoRealAmp()}`);
      skip(whyNoRealAmp());
    });
  });
}
