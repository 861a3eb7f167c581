import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { linkCommands, profilesIn, withPathLine } from "../../src/install/command-links.ts";
import { type Example, example } from "./module-home.ts";

const programs = (home: string) => ({ amp: join(home, ".amp/bin/amp"), agentapi: "/usr/local/bin/agentapi" });

function link({ context, home, log }: Example) {
  mkdirSync(context.paths.bin, { recursive: true });
  linkCommands(context, programs(home), log);
}

describe("profile files", () => {
  test("none is created", () => {
    const at = example();
    link(at);
    expect(readdirSync(at.home)).toEqual([".amp-module"]);
  });

  test("each that exists gets one line, however often the module starts", () => {
    const at = example();
    for (const profile of profilesIn(at.home)) {
      mkdirSync(dirname(profile), { recursive: true });
      writeFileSync(profile, "# mine\n");
    }
    link(at);
    const once = profilesIn(at.home).map((profile) => readFileSync(profile, "utf8"));
    link(at);
    expect(profilesIn(at.home).map((profile) => readFileSync(profile, "utf8"))).toEqual(once);
    for (const text of once) expect(text).toMatch(/^# mine\n[^\n]+ # amp module amp\n$/);
  });

  test("what is not ours stays byte for byte, also where it is not UTF-8", () => {
    const at = example();
    const mine = Buffer.from([0x23, 0xe9, 0xff, 0x00, 0x0d, 0x0a, 0x61]);
    const profile = join(at.home, ".bashrc");
    writeFileSync(profile, mine);
    link(at);
    const text = readFileSync(profile);
    expect(text.subarray(0, mine.length)).toEqual(mine);
    expect(text.subarray(mine.length).toString()).toMatch(/^\ncase .*Zoë.* # amp module amp\n$/);
  });

  test("a linked profile, as from a dotfiles repository, stays a link", () => {
    const at = example();
    const real = join(at.home, "dotfiles", "bashrc");
    mkdirSync(dirname(real));
    writeFileSync(real, "# mine\n");
    symlinkSync("dotfiles/bashrc", join(at.home, ".bashrc"));
    link(at);
    expect(readlinkSync(join(at.home, ".bashrc"))).toBe("dotfiles/bashrc");
    expect(readFileSync(real, "utf8")).toContain("# amp module amp");
  });

  test("two instances have a line each, and a moved module directory replaces its own", () => {
    const first = withPathLine("", "posix", "/home/a/.amp-module/bin", "amp");
    const both = withPathLine(first, "posix", "/home/a/.amp-module-two/bin", "two");
    expect(both.split("\n")).toHaveLength(3);
    const moved = withPathLine(both, "posix", "/data/.amp-module/bin", "amp");
    expect(moved).toBe(both.replaceAll("/home/a/.amp-module/bin", "/data/.amp-module/bin"));
    // A slug that ends like another one is another one.
    expect(
      withPathLine(withPathLine("", "posix", "/a", "my-amp"), "posix", "/b", "amp").split("\n"),
    ).toHaveLength(3);
  });

  test("a shell that reads the line finds the commands", async () => {
    const at = example();
    writeFileSync(join(at.home, ".bashrc"), "");
    link(at);
    const { stdout } = await execa(
      "bash",
      ["-c", `. "$HOME/.bashrc"; . "$HOME/.bashrc"; printf %s "$PATH"`],
      {
        env: { HOME: at.home, PATH: "/bin:/usr/bin" },
        extendEnv: false,
      },
    );
    expect(stdout).toBe(`/bin:/usr/bin:${at.context.paths.bin}`);
  });

  test("fish has a line of its own", () => {
    const text = withPathLine("", "fish", "/home/it's/bin", "amp");
    expect(text).toBe("fish_add_path --append '/home/it\\'s/bin' # amp module amp\n");
  });
});

describe("links", () => {
  test("stand in the module's bin, and follow the programs", () => {
    const at = example();
    link(at);
    expect(readlinkSync(join(at.context.paths.bin, "amp"))).toBe(programs(at.home).amp);
    expect(readlinkSync(join(at.context.paths.bin, "agentapi"))).toBe("/usr/local/bin/agentapi");
    linkCommands(at.context, { amp: "/other/amp", agentapi: at.context.paths.agentapi }, at.log);
    expect(readlinkSync(join(at.context.paths.bin, "amp"))).toBe("/other/amp");
    expect(readdirSync(at.context.paths.bin).sort()).toEqual(["agentapi", "amp"]);
  });

  test("go to ~/.local/bin only where that is on PATH, and never over the user's own", () => {
    const without = example();
    mkdirSync(join(without.home, ".local/bin"), { recursive: true });
    link(without);
    expect(readdirSync(join(without.home, ".local/bin"))).toEqual([]);

    const at = example();
    const localBin = join(at.home, ".local/bin");
    mkdirSync(localBin, { recursive: true });
    writeFileSync(join(localBin, "agentapi"), "the user's");
    symlinkSync("/opt/mine/amp", join(localBin, "amp"));
    at.context.env["PATH"] = `/bin:${localBin}`;
    link(at);
    expect(readFileSync(join(localBin, "agentapi"), "utf8")).toBe("the user's");
    expect(readlinkSync(join(localBin, "amp"))).toBe("/opt/mine/amp");
    expect(readlinkSync(join(localBin, "amp-module"))).toBe(at.context.paths.launcher);
  });

  test("a failure is a warning", () => {
    const at = example();
    writeFileSync(at.context.paths.bin, "a file is in the way");
    linkCommands(at.context, programs(at.home), at.log);
    expect(at.lines.join("\n")).toMatch(/warn: The commands could not be made known/);
    expect(lstatSync(at.context.paths.bin).isFile()).toBe(true);
    expect(existsSync(join(at.home, ".bashrc"))).toBe(false);
  });
});
