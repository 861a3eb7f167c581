import fc from "fast-check";
import { expect, test } from "vitest";
import { ModuleError } from "../src/base/errors.ts";
import { type Config, parseConfig } from "../src/config.ts";
import { exampleConfig } from "./start/example.ts";
import { anyCharacter, holds } from "./support/fuzz.ts";

const example = exampleConfig();
const names = Object.keys(example) as (keyof Config)[];
const texts = names.filter(
  (name) =>
    typeof example[name] === "string" && !/status_reports|transport|log_level|approval_channel/.test(name),
);
const anyText = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom("$(id)", "`id`", "'", '"', "\\", "\r\n", "\u2028", "😀", "\ud83d", "%%{ if }", "EOF"),
);

test("a payload arrives as it is, whatever its texts", async () => {
  const some = fc.uniqueArray(fc.constantFrom(...texts), { maxLength: 6 });
  await holds(
    fc.property(some, fc.array(anyText, { minLength: 6, maxLength: 6 }), (changed, values) => {
      const config = { ...example, ...Object.fromEntries(changed.map((name, at) => [name, values[at]])) };
      expect(parseConfig(JSON.stringify(config))).toEqual(JSON.parse(JSON.stringify(config)));
    }),
  );
});

test("what does not fit is refused by its name; nothing else comes out of a payload", async () => {
  await holds(
    fc.property(fc.constantFrom(...names), fc.option(fc.jsonValue(), { nil: undefined }), (name, value) => {
      const { [name]: _, ...rest } = example;
      const text = JSON.stringify(value === undefined ? rest : { ...rest, [name]: value });
      let config: Config | undefined;
      try {
        config = parseConfig(text);
      } catch (error) {
        expect(error).toBeInstanceOf(ModuleError);
        expect((error as Error).message).toContain(` ${name}`);
      }
      if (config) expect(config).toEqual(JSON.parse(text));
    }),
  );
});

test("a text that is no payload is refused in the module's own words", async () => {
  const text = fc.oneof(
    anyText,
    fc.json(),
    fc.nat({ max: 400 }).map((end) => JSON.stringify(example).slice(0, end)),
  );
  await holds(
    fc.property(text, (given) => {
      expect(() => parseConfig(given)).toThrow(ModuleError);
    }),
  );
});
