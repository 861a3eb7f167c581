import { readFileSync } from "node:fs";
import { type ParseError, parse } from "jsonc-parser";
import { readTextIfExists } from "../../base/atomic-file.ts";
import { certificateFix } from "../../base/certificates.ts";
import { withoutCredentials } from "../../base/download.ts";
import { errorCode, reasonOf } from "../../base/errors.ts";
import { bodyText } from "../../base/http.ts";
import { requestThroughProxy } from "../../base/proxied-http.ts";
import { LARGEST_LIST } from "../../install/settings/remote-servers.ts";
import { parseServerList } from "../../install/settings/server-list.ts";
import { keptAnswer } from "../../remote-answers.ts";
import {
  type Check,
  commandOf,
  configured,
  type Examined,
  type Finding,
  note,
  ok,
  type Subject,
  wrong,
} from "./check.ts";

const ANSWER_MS = 3_500;
/** So many of the template's keys are named. */
const MOST_NAMES = 4;

const file: Check = {
  name: "settings file",
  group: "Settings",
  look(subject: Subject): Finding {
    const { paths, env } = subject;
    const path = paths.ampSettings;
    const other = env["AMP_SETTINGS_FILE"];
    if (other && other !== path) {
      return note(
        `AMP_SETTINGS_FILE makes Amp read ${other}, and not ${path}, which this module writes`,
        "Unset it.",
      );
    }
    const text = readTextIfExists(path);
    const install = `Run \`${commandOf(subject)} install\`.`;
    if (text === undefined) return wrong(`${path} does not exist`, install);
    const errors: ParseError[] = [];
    const value: unknown = text.trim() === "" ? {} : parse(text, errors, { allowTrailingComma: true });
    const [first] = errors;
    if (first) {
      const line = text.slice(0, first.offset).split("\n").length;
      return wrong(`${path} is not valid JSON, at line ${line}: Amp refuses to start with it`, "Correct it.");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return wrong(`${path} is not a JSON object`, `Remove it, then: ${install}`);
    }
    return ok(`${path}${templatesKeys(subject)}`);
  },
};

/** Names only: the values may be secret. */
function templatesKeys({ paths }: Subject): string {
  try {
    const applied: unknown = JSON.parse(readTextIfExists(paths.appliedSettings) ?? "{}");
    const names = Object.keys(applied as object);
    if (names.length === 0) return "";
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
    return `; the template's: ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
  } catch {
    return "";
  }
}

/** Each address as the next start asks it. */
const remoteLists = configured("remote MCP lists", "Settings", (subject) =>
  Promise.all(subject.config.mcp_config_remote_path.map((url) => remoteList(url, subject))),
);

async function remoteList(url: string, { env, paths, redact }: Examined): Promise<Finding> {
  const shown = withoutCredentials(url);
  try {
    const answer = await requestThroughProxy(new URL(url), { env, signal: AbortSignal.timeout(ANSWER_MS) });
    const body = await bodyText(answer, LARGEST_LIST);
    answer.close();
    if (answer.status !== 200) throw new Error(`it answers HTTP ${answer.status}`);
    if (body.length > LARGEST_LIST) throw new Error("its answer is too long");
    const count = Object.keys(parseServerList(Buffer.from(body))).length;
    return ok(`${shown} has ${count} server${count === 1 ? "" : "s"}`);
  } catch (error) {
    const reason = redact(
      error instanceof Error && error.name === "TimeoutError"
        ? "it never answers"
        : reasonOf(error) || errorCode(error),
    );
    const fix =
      certificateFix(reason, env) ??
      "Correct mcp_config_remote_path, or see why the address does not answer so.";
    const text = `${shown}: ${reason}`;
    return isKept(url, paths)
      ? note(`${text}; its last good answer is used`, fix)
      : wrong(`${text}; its servers are missing`, fix);
  }
}

function isKept(url: string, paths: Examined["paths"]): boolean {
  try {
    return parseServerList(readFileSync(keptAnswer(url, paths))) !== undefined;
  } catch {
    return false;
  }
}

export const SETTINGS_CHECKS: readonly Check[] = [file, remoteLists];
