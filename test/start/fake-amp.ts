import { conversation, inputBox, welcome } from "../amp/example-screens.ts";
import type { FakeAgentApi } from "./fake-agentapi.ts";

/** An Amp behind the fake AgentAPI: shows what is typed, and what was said once Enter has come. */
export interface FakeAmp {
  said: string[];
  typed: string;
  draw(): void;
}

const PASTE = /^\u001b\[200~([\s\S]*)\u001b\[201~$/;

/** @param options `losesEnter` ignores so many of its first Enters; `isDeaf` shows nothing of what is sent; `above` stands over the input box */
export function fakeAmp(
  server: FakeAgentApi,
  options: { said?: string[]; losesEnter?: number; isDeaf?: boolean; above?: string } = {},
): FakeAmp {
  const { isDeaf = false } = options;
  let lost = options.losesEnter ?? 0;
  const amp: FakeAmp = {
    said: [...(options.said ?? [])],
    typed: "",
    draw: () =>
      server.screen(
        (options.above ?? "") +
          (amp.said.length === 0
            ? welcome + inputBox(amp.typed)
            : conversation(amp.said, inputBox(amp.typed))),
      ),
  };
  const enter = () => {
    if (lost > 0) lost -= 1;
    else if (amp.typed !== "") {
      amp.said.push(amp.typed);
      amp.typed = "";
    }
  };
  server.onPost = ({ type, content }) => {
    if (isDeaf) return;
    if (content === "\u007f") amp.typed = amp.typed.slice(0, -1);
    else if (content === ".") amp.typed += content;
    else if (type === "user" || PASTE.test(content)) amp.typed += content.match(PASTE)?.[1] ?? content;
    if (type === "user" || content === "\r") enter();
    amp.draw();
  };
  return amp;
}
