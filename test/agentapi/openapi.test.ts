import { readFileSync } from "node:fs";
import { execa } from "execa";
import { describe, expect, it, test } from "vitest";
import * as z from "zod/mini";
import * as contract from "../../src/agentapi/contract.ts";
import { findAgentApi } from "../support/agentapi.ts";

// The client's schemas against AgentAPI's own description of itself: `agentapi server --print-openapi x`, of 0.12.1.

interface Schema {
  $ref?: string;
  type?: string;
  enum?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
type Content = Record<string, { schema: Schema }>;
interface Operation {
  requestBody?: { content: Content };
  responses: Record<string, { content: Content }>;
}

const described = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** What can be compared of a schema, references followed. */
interface Shape {
  type?: string;
  values?: string[];
  items?: Shape;
  fields?: Record<string, Shape>;
  required?: string[];
}

function shapeOf(schema: Schema): Shape {
  if (schema.$ref) return shapeOf(described.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  // What this client also takes as null is `anyOf` in ours.
  const inner = schema.anyOf?.find(({ type }) => type !== "null");
  if (inner) return shapeOf(inner);
  const { type, items, properties, required = [] } = schema;
  const fields = Object.entries(properties ?? {}).filter(([name]) => name !== "$schema");
  return {
    // JSON has one kind of number.
    ...(type && { type: type === "integer" ? "number" : type }),
    ...(schema.enum && { values: schema.enum.toSorted() }),
    ...(items && { items: shapeOf(items) }),
    ...(properties && {
      fields: Object.fromEntries(fields.map(([name, field]) => [name, shapeOf(field)])),
      required: required.toSorted(),
    }),
  };
}

const oursOf = (schema: z.ZodMiniType): Shape =>
  shapeOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema);
const answerOf = (method: string, path: string, type = "application/json"): Schema =>
  described.paths[path]?.[method.toLowerCase()]?.responses["200"]?.content[type]?.schema ?? {};

/** AgentAPI always says these; releases before 0.12 do not, so that the client can do without. */
const NOT_IN_OLDER = ["agent_type of status_change", "transport of /status"];

function withoutOlder(name: string, shape: Shape): Shape {
  const isOptional = (field: string) => NOT_IN_OLDER.includes(`${field} of ${name}`);
  return { ...shape, required: shape.required?.filter((field) => !isOptional(field)) ?? [] };
}

describe("the client's contract is AgentAPI's own", () => {
  it("in its paths and methods", () => {
    const ours = [
      ...Object.values(contract.endpoints).map(({ method, path }) => `${method} ${path}`),
      `GET ${contract.streams.events}`,
    ];
    const theirs = Object.entries(described.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(ours.toSorted()).toEqual(theirs.toSorted());
    // The path is not described, but its body is.
    expect(contract.streams.screens).toBe("/internal/screen");
  });

  it.each(Object.values(contract.endpoints))("in what $method $path answers", ({ method, path, answer }) => {
    const ours = oursOf(answer);
    // Any transport is taken in, and only a known one is passed on.
    if (path === "/status") ours.fields = { ...ours.fields, transport: oursOf(contract.transport) };
    expect(Object.keys(ours.fields ?? {})).not.toEqual([]);
    expect(ours).toEqual(withoutOlder(path, shapeOf(answerOf(method, path))));
  });

  it("in what a message and an upload are", () => {
    const bodyOf = (path: string) => described.paths[path]?.["post"]?.requestBody?.content ?? {};
    const message = bodyOf("/message")["application/json"]?.schema ?? {};
    expect(oursOf(contract.newMessage)).toEqual(shapeOf(message));
    const form = bodyOf("/upload")["multipart/form-data"]?.schema;
    expect([form?.required, Object.keys(form?.properties ?? {})]).toEqual([["file"], ["file"]]);
  });

  it("in its events and screens", () => {
    const { items } = answerOf("GET", "/events", "text/event-stream");
    const theirs = (items?.oneOf ?? []).map(({ properties }) => {
      const name = String((properties?.["event"] as { const?: string }).const);
      return [name, withoutOlder(name, shapeOf(properties?.["data"] ?? {}))];
    });
    const ours = Object.entries(contract.eventBodies).map(([name, body]) => [name, oursOf(body)]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    expect(oursOf(contract.screenBody)).toEqual(shapeOf({ $ref: "ScreenUpdateBody" }));
  });

  it("in the part of its errors that is for people", () => {
    const ours = oursOf(contract.problemBody);
    const theirs = shapeOf({ $ref: "ErrorModel" });
    expect(theirs).toMatchObject(ours);
    // It repeats what was sent, and is left out on purpose.
    expect(theirs.fields?.["errors"]?.items?.fields).toHaveProperty("value");
    expect(ours.fields?.["errors"]?.items?.fields).not.toHaveProperty("value");
  });
});

const agentapi = await findAgentApi();

test("the real AgentAPI still describes itself so", async ({ skip }) => {
  if (!agentapi.real) skip("no real agentapi");
  const { stdout } = await execa(agentapi.path, ["server", "--print-openapi", "x"], {
    // It waits for the end of a piped stdin, which would be the first prompt.
    stdin: "ignore",
    timeout: 20_000,
  });
  expect(sorted(JSON.parse(stdout))).toEqual(sorted(described));
});

/** The order of words in a list means nothing in a schema, and AgentAPI's changes from run to run. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
