import { Argument, type Command } from "commander";
import { bashCompletion, fishCompletion, zshCompletion } from "./completion-scripts.ts";
import { FrontCommand } from "./front.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

const DETAILS = `
  bash  echo 'eval "$(amp-module completion bash)"' >>~/.bashrc
  zsh   echo 'eval "$(amp-module completion zsh)"' >>~/.zshrc  (after compinit)
  fish  amp-module completion fish >~/.config/fish/completions/amp-module.fish`;

/** `amp-module completion`, made from the commands themselves. */
export function completionCommand(): Command {
  const completion: Command = new FrontCommand(
    "completion",
    "print what makes a shell complete these commands",
  )
    .addArgument(new Argument("<shell>").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", DETAILS)
    .action((shell: keyof typeof SCRIPTS) => {
      if (completion.parent) process.stdout.write(SCRIPTS[shell](completion.parent));
    });
  return completion;
}
