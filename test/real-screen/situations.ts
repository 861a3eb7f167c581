import type { AmpServerBehaviour, Said } from "../support/amp-server.ts";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import type { AmpStandInOptions } from "../support/stand-ins.ts";

/**
 * What Amp shows in which situation. The real Amp and the stand-in are held to the same list, so that what other tests
 * take the stand-in for is true. Screens are compared as `normalised` (run.ts) leaves them.
 */
export interface Situation {
  name: string;
  /** How the server treats the real Amp, `answers` unless given; `nobody` is a port that nothing listens on. */
  server?: AmpServerBehaviour | "nobody";
  /** From this request on the server behaves so. */
  later?: { request: string; server: AmpServerBehaviour };
  /** What the stand-in is told in place of a server. */
  standIn?: AmpStandInOptions;
  /** The welcome tour has not been dismissed in the home. */
  withTour?: boolean;
  /** The workdir is a git repository on this branch. */
  branch?: string;
  /** What was said in the thread THREAD before. */
  history?: readonly Said[];
  /** Amp's arguments; THREAD stands for a thread's id. */
  args?: readonly string[];
  env?: Record<string, string>;
  columns?: number;
  lines?: number;
  steps?: readonly Step[];
  /** Amp ends by itself: so does AgentAPI, with 1 and Amp's words. */
  ends?: RegExp;
  /** A file of the home afterwards. */
  leaves?: { file: string; content: RegExp };
  /** Texts that reached the agent, byte for byte. */
  arrived?: readonly string[];
}

export interface Step {
  /** Waited first. */
  afterMs?: number;
  /** Typed as they are. */
  keys?: string;
  /** Pasted and entered, as AgentAPI does it. */
  submits?: string;
  shows: readonly RegExp[];
  /** On the screen that shows the rest. */
  lacks?: readonly RegExp[];
}

const thread = "T-0199c0de-1111-4222-8333-444444444444";
/** For THREAD. */
export const threadOfSituations = thread;

const greeting = /^ +Welcome to Amp\n +ctrl\+o for commands · \? for shortcuts$/m;
const box = (mode = "medium", place = "~/project") =>
  new RegExp(`^╭─+ (\\$···· ─ )?${mode} ─╮\\n(│.*│\\n)+╰.*─ ${place} ─╯$`, "m");
const emptyBox = /^╭─+ .*─╮\n(│ +│\n){3}╰.* ─╯$/m;
const idle = /^╰─+ \S+( \(\S+\))? ─╯$/m;
const footer = (word: string) => new RegExp(`^╰ [∼≈≋] ${word}\\b`, "m");
const marked = (line: string) => new RegExp(`^ ┃ ${literal(line)}`, "m");
const unmarked = (line: string) => new RegExp(`^ ${literal(line)}`, "m");
const page = (title: string, foot: string) => new RegExp(`^ +${literal(title)}$[\\s\\S]*^ +${foot}$`, "m");
const paste = (text: string) => `\x1b[200~${text}\x1b[201~`;

const tour: readonly Step[] = [
  { shows: [page("Welcome to Amp", "Space to continue")], lacks: [/╭|╰|┃/] },
  { keys: " ", shows: [page("Battle-Tested Agent Modes", "1/5\n +Space to continue")] },
  // Neither other keys nor a paste count; Enter and the right arrow do.
  { keys: "x", shows: [/1\/5/] },
  { keys: paste("a prompt of words"), shows: [/1\/5/], lacks: [/prompt of words/] },
  { keys: "\r", shows: [page("Endless Threads", "2/5\n +Space to continue")] },
  { keys: "\x1b[C", shows: [page("Steering and Queueing", "3/5\n +Space to continue")] },
  { keys: " ", shows: [page("Cross-Client Access", "4/5\n +Space to continue")] },
  { keys: " ", shows: [page("Permissions", "5/5\n +Space to continue")] },
  { keys: " ", shows: [page("Customize Amp with Amp", "Enter to get started")], lacks: [/\/5/] },
  { keys: " ", shows: [page("Customize Amp with Amp", "Enter to get started")] },
];
const long = Array.from(
  { length: 700 },
  (_, index) => `line ${index} ${'wörds & "quotes" $HOME `x` '.repeat(3)}`,
)
  .join("\n")
  .trim();
/** Its line is longer than the transcript is wide. */
const awkwardStart = awkwardPrompt.slice(0, 40);
const said = (role: Said["role"], text: string, at: number): Said => ({ role, text, at });
const haiku = [said("user", "Write a haiku\nabout frogs", 1), said("assistant", "An old silent pond", 2)];
const talk = Array.from({ length: 40 }, (_, index) =>
  said(index % 2 === 0 ? "user" : "assistant", `${index % 2 === 0 ? "question" : "answer"} ${index}`, index),
);
const standInForNobody = { offline: true } as const;

export const situations: readonly Situation[] = [
  {
    name: "a fresh home: the welcome tour, and after it the first prompt",
    withTour: true,
    steps: [
      ...tour,
      { keys: "\r", shows: [greeting, box(), emptyBox], lacks: [/Space to|Enter to/] },
      { submits: "Hello", shows: [marked("Hello"), unmarked("Echo: Hello"), emptyBox, idle] },
    ],
    leaves: { file: ".local/share/amp/session.json", content: /"neoWelcomeDismissed": true/ },
    arrived: ["Hello"],
  },
  {
    name: "a thread to be continued, with the tour forced: the tour comes first all the same",
    history: haiku,
    args: ["--show-welcome", "threads", "continue", "THREAD"],
    steps: [
      { shows: [page("Welcome to Amp", "Space to continue")] },
      {
        keys: "      \r",
        shows: [marked("Write a haiku"), marked("about frogs"), unmarked("An old silent pond"), idle],
      },
    ],
  },
  {
    name: "a home whose tour is dismissed, in a git repository: prompts of every kind",
    branch: "feature/frogs",
    steps: [
      { shows: [greeting, box("medium", "~/project \\(feature/frogs\\)"), emptyBox, idle] },
      { keys: paste("typed, not entered"), shows: [/^│ typed, not entered +│$/m, greeting], lacks: [/┃/] },
      { keys: "\x7f".repeat(18), shows: [emptyBox] },
      {
        submits: awkwardPrompt,
        shows: [marked(awkwardStart), unmarked("Echo: Fix"), emptyBox, idle],
        lacks: [greeting],
      },
      { submits: "twice", shows: [/( ┃ twice[\s\S]*){1}^ Echo: twice/m, emptyBox, idle] },
      { submits: "twice", shows: [/( ┃ twice[\s\S]*){2}^ Echo: twice/m, emptyBox, idle] },
      {
        submits: long,
        shows: [/^ ┃ line 699 .*█$/m, /^ Echo: line 0 .*█$/m, emptyBox, idle],
        lacks: [/line 0 .*\n ┃/],
      },
    ],
    leaves: {
      file: ".local/share/amp/history.jsonl",
      content:
        /^\{"text":".*","cwd":".*\/project"\}\n\{"text":"twice","cwd":".*\/project"\}\n\{"text":"line 0 .*\}\n$/,
    },
    arrived: [awkwardPrompt, "twice", "twice", long],
  },
  {
    name: "a thread with more history than the screen has lines",
    history: talk,
    args: ["threads", "continue", "THREAD"],
    lines: 40,
    steps: [
      { shows: [/^ ┃ question 38 +█$/m, /^ answer 39 +█$/m, box(), idle], lacks: [/question 0 /, greeting] },
      { submits: "And now?", shows: [/^ ┃ And now\? +█$/m, /^ Echo: And now\? +█$/m, idle] },
    ],
    arrived: ["And now?"],
  },
  ...["low", "high", "ultra"].map((mode, index) => ({
    name: `mode ${mode}, ${index === 1 ? 200 : 67} columns`,
    args: ["--mode", mode],
    columns: index === 1 ? 200 : 67,
    steps: [{ shows: [greeting, box(mode), emptyBox, new RegExp(`^╭.{${index === 1 ? 198 : 65}}╮$`, "m")] }],
  })),
  {
    name: "a thread that the server does not know",
    server: "knows-no-thread",
    standIn: { refuseThread: thread },
    args: ["threads", "continue", "THREAD"],
    columns: 200,
    ends: /Thread URL\/threads\/T-ID does not exist\./,
  },
  {
    name: "a thread that cannot be loaded: said in a box at the top, and the next prompt begins a new one",
    later: { request: "getThreadTail", server: "knows-no-thread" },
    standIn: { failsToLoad: thread },
    args: ["threads", "continue", "THREAD"],
    steps: [
      {
        shows: [
          /^ +╭─+╮\n +│ ✕ Failed to load +│\n[\s\S]*Thread not found +│\n +╰─+╯$/m,
          greeting,
          emptyBox,
          idle,
        ],
      },
    ],
  },
  {
    name: "a key that the server refuses",
    server: "refuses-key",
    standIn: { refuseKey: true },
    columns: 200,
    ends: /Error: Invalid or missing API key\. Run 'amp login' to authenticate\./,
  },
  {
    name: "no key",
    env: { AMP_API_KEY: "" },
    steps: [
      {
        shows: [
          /No API key found\. Starting login flow\.\.\.\nWould you like to log in to Amp\? \[\(y\)es, \(n\)o\]:/,
        ],
        lacks: [/╭|┃/],
      },
    ],
  },
  {
    name: "no server",
    server: "nobody",
    standIn: standInForNobody,
    columns: 200,
    ends: /Error: Couldn't connect to the Amp server at URL\.\s+Run `pnpm dev` to start the local server, then try again\./,
  },
  {
    name: "a server that breaks off",
    server: "breaks-off",
    standIn: { offline: "breaks-off" },
    columns: 200,
    ends: /Error: TypeError: The socket connection was closed unexpectedly\./,
  },
  {
    name: "a thread that never becomes ready: the prompt stands in the transcript, and the footer goes on",
    server: "keeps-connecting",
    standIn: { connectingMs: 600_000 },
    steps: [
      { shows: [greeting, emptyBox, idle] },
      { submits: "Hello", shows: [marked("Hello"), footer("Connecting"), emptyBox], lacks: [/Echo:/] },
      { afterMs: 2500, shows: [footer("Connecting"), marked("Hello")], lacks: [/Echo:/] },
    ],
    leaves: { file: ".local/share/amp/history.jsonl", content: /^\{"text":"Hello","cwd":".*"\}\n$/ },
  },
  {
    name: "a slow server: everything comes, later",
    server: "is-slow",
    standIn: { bootMs: 500, connectingMs: 1500 },
    steps: [
      { shows: [greeting, emptyBox, idle] },
      { submits: "Hello", shows: [marked("Hello"), footer("Connecting")] },
      { shows: [marked("Hello"), unmarked("Echo: Hello"), idle] },
    ],
    arrived: ["Hello"],
  },
];

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
