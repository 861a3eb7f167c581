import { basename } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import { harmless } from "../../base/harmless.ts";
import { createRedact, mcpSecrets } from "../../base/redact.ts";
import type { Subject } from "./check.ts";
import type { Report } from "./examine.ts";
import { toJson } from "./json.ts";
import { maskedJson } from "./mask.ts";
import { regularTextIn, settingsIn } from "./read.ts";
import { type Entry, tarGz } from "./tar.ts";

/** Of a log its end: what happened last is what is asked for. */
const LONGEST_LOG = 512 * 1024;

const README = `What is in here was written by "amp-module doctor --bundle".

doctor.json       every check and what it found
logs/             the module's logs, the previous ones too
config.json       what the template asked for
settings.json     Amp's settings
state/            what the module keeps about the server, the thread and the prompt

Secrets are masked: values of variables that are named like secrets, the values of env, headers and args of MCP servers,
credentials in addresses. Prompts are left out, and so are the conversation and what MCP lists answered. Logs can hold
what the agent's screen showed: look through them before you give this to somebody.
`;

/**
 * Writes the archive for support. No secret is in it.
 *
 * @throws ModuleError if it cannot be written
 */
export function writeBundle(path: string, subject: Subject, report: Report): void {
  const { now } = subject;
  try {
    writeFileAtomic(path, tarGz(entriesOf(subject, report), now()));
  } catch (cause) {
    throw new ModuleError(
      `${path} could not be written: ${reasonOf(cause)}.`,
      "Name a file in a folder that is writable.",
      {
        cause,
      },
    );
  }
}

function entriesOf(subject: Subject, report: Report): Entry[] {
  const { paths, redact } = subject;
  // The user's own; the template's are known already.
  const alsoSecret = createRedact({}, mcpSecrets(settingsIn(paths.ampSettings)["amp.mcpServers"]));
  const safe = (text: string) => alsoSecret(redact(harmless(text)));
  const logs = [paths.installLog, paths.startLog, paths.stopLog, paths.preInstall.log, paths.postInstall.log];
  const state = [paths.running, paths.thread, paths.delivery, paths.ampProbe, paths.agentapiProbe];
  const entries = [
    { name: "README.txt", content: README },
    { name: "doctor.json", content: toJson(report) },
    ...logs
      .flatMap((log) => [log, `${log}.1`])
      .map((log) => ({ name: `logs/${basename(log)}`, content: endOf(log) })),
    ...state.map((file) => json(`state/${basename(file)}`, file)),
    json("config.json", paths.config),
    json("settings.json", paths.ampSettings),
    json("state/applied-settings.json", paths.appliedSettings),
  ];
  return entries
    .filter(({ content }) => content !== "")
    .map(({ name, content }) => ({ name, content: safe(content) }));
}

function json(name: string, path: string): Entry {
  const text = regularTextIn(path);
  const damaged = `It is not valid JSON, so nothing of it is here (${text.length} characters).\n`;
  return { name, content: text === "" ? "" : (maskedJson(text) ?? damaged) };
}

/** From the beginning of a line. */
function endOf(log: string): string {
  const text = regularTextIn(log);
  return text.length <= LONGEST_LOG ? text : text.slice(-LONGEST_LOG).replace(/^[^\n]*\n/, "");
}
