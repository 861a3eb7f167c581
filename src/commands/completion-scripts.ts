import type { Command } from "commander";
import { inQuotes } from "../base/shell.ts";

/** One command as a shell needs to know it. */
interface Node {
  /** The words that lead to it, without the program: "" for the program itself, `mcp list`. */
  path: string;
  commands: { name: string; summary: string }[];
  options: { short: string | undefined; long: string; takesValue: boolean; summary: string }[];
  /** What its first argument may be. */
  choices: readonly string[];
}

/** For `eval` in `.bashrc`. */
export function bashCompletion(program: Command): string {
  const nodes = nodesOf(program, "");
  const cases = nodes.map(
    ({ path, ...node }) => `    ${inQuotes(path)}) words=${inQuotes(wordsOf(node).join(" "))} ;;`,
  );
  return `# bash completion for ${program.name()}
_${identifier(program)}() {
  local path='' word words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$path:$word" in
${steps(nodes)
  .map(({ from, name, to }) => `      ${inQuotes(`${from}:${name}`)}) path=${inQuotes(to)} ;;`)
  .join("\n")}
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${identifier(program)} ${program.name()}
`;
}

/** For `eval` in `.zshrc`, behind `compinit`. */
export function zshCompletion(program: Command): string {
  const nodes = nodesOf(program, "");
  const name = identifier(program);
  const cases = nodes.map((node) => {
    const entries = [
      ...node.commands.map(({ name: word, summary }) => `${word}:${summary}`),
      ...node.choices,
      ...node.options.map(({ long, summary }) => `${long}:${summary}`),
    ];
    return `    ${inQuotes(node.path)}) entries=(${entries.map((entry) => inQuotes(entry)).join(" ")}) ;;`;
  });
  return `#compdef ${program.name()}
_${name}() {
  local path_='' word entries
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$path_:$word" in
${steps(nodes)
  .map(({ from, name: word, to }) => `      ${inQuotes(`${from}:${word}`)}) path_=${inQuotes(to)} ;;`)
  .join("\n")}
    esac
  done
  case "$path_" in
${cases.join("\n")}
  esac
  _describe -V ${program.name()} entries || _files
}
compdef _${name} ${program.name()}
`;
}

/** For a file in fish's folder of completions. */
export function fishCompletion(program: Command): string {
  const nodes = nodesOf(program, "");
  const name = identifier(program);
  const lines = nodes.flatMap(({ path, commands, options, choices }) => {
    const start = `complete -c ${program.name()} -n ${inQuotes(`test (__${name}_path) = ${quoteFish(path)}`, "fish")}`;
    return [
      ...commands.map(({ name: word, summary }) => `${start} -f -a ${word} -d ${inQuotes(summary, "fish")}`),
      ...choices.map((word) => `${start} -f -a ${word}`),
      ...options.map(({ short, long, takesValue, summary }) =>
        [
          start,
          ...(short ? [`-s ${short.slice(1)}`] : []),
          `-l ${long.slice(2)}`,
          ...(takesValue ? ["-r"] : []),
          `-d ${inQuotes(summary, "fish")}`,
        ].join(" "),
      ),
    ];
  });
  return `# fish completion for ${program.name()}
function __${name}_path
    set -l path ''
    for word in (commandline -opc)[2..]
        switch "$path:$word"
${steps(nodes)
  .map(
    ({ from, name: word, to }) =>
      `            case ${inQuotes(`${from}:${word}`)}\n                set path ${inQuotes(to)}`,
  )
  .join("\n")}
        end
    end
    echo "$path"
end
${lines.join("\n")}
`;
}

function nodesOf(command: Command, path: string): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const node: Node = {
    path,
    commands: commands.map((one) => ({ name: one.name(), summary: one.summary() })),
    options: help
      .visibleOptions(command)
      .flatMap(({ short, long, required, optional, description }) =>
        long ? [{ short, long, takesValue: required || optional, summary: description }] : [],
      ),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [
    node,
    ...commands.flatMap((one) => nodesOf(one, path === "" ? one.name() : `${path} ${one.name()}`)),
  ];
}

/** From one command's path by one word to another's. */
function steps(nodes: readonly Node[]): { from: string; name: string; to: string }[] {
  return nodes.flatMap(({ path, commands }) =>
    commands.map(({ name }) => ({ from: path, name, to: path === "" ? name : `${path} ${name}` })),
  );
}

function wordsOf({ commands, options, choices }: Omit<Node, "path">): string[] {
  return [...commands.map(({ name }) => name), ...choices, ...options.map(({ long }) => long)];
}

function identifier(program: Command): string {
  return program.name().replace(/\W/g, "_");
}

/** Inside of another quote. */
function quoteFish(text: string): string {
  return `"${text}"`;
}
