/**
 * The config table seen from outside: the tree of groups, lists and parameters that the schema is made
 * of, without zod's wrappers. The reference page prints it, and mistakes look up known names in it.
 */
import { z } from 'zod';
import { type Row, rows } from './kinds.ts';

export type Outline =
  | { readonly kind: 'group'; readonly row: Row; readonly fields: readonly Field[] }
  | { readonly kind: 'list' | 'map'; readonly row: Row; readonly of: Outline }
  | { readonly kind: 'choice'; readonly row: Row | undefined; readonly options: readonly Outline[] }
  | { readonly kind: 'literal'; readonly values: readonly unknown[] }
  | { readonly kind: 'value'; readonly row: Row };

export interface Field {
  readonly name: string;
  readonly of: Outline;
  readonly required: boolean;
  /** As somebody would write it in a config file, or `undefined`. */
  readonly standard: unknown;
}

export function outline(schema: z.core.$ZodType): Outline {
  const bare = unwrap(schema).schema;
  if (bare instanceof z.ZodObject) {
    const fields = Object.entries(bare.shape).map(([name, of]) => field(name, of as z.core.$ZodType));
    return { kind: 'group', row: rowOf(bare), fields };
  }
  if (bare instanceof z.ZodArray) return { kind: 'list', row: rowOf(bare), of: outline(bare.element) };
  if (bare instanceof z.ZodRecord) return { kind: 'map', row: rowOf(bare), of: outline(bare.valueType) };
  if (bare instanceof z.ZodUnion)
    return { kind: 'choice', row: rows.get(bare), options: bare.options.map(outline) };
  if (bare instanceof z.ZodLiteral) return { kind: 'literal', values: [...bare.values] };
  return { kind: 'value', row: rowOf(bare) };
}

function field(name: string, schema: z.core.$ZodType): Field {
  const { schema: bare, standard, optional } = unwrap(schema);
  return { name, of: outline(bare), required: !optional && standard === undefined, standard };
}

function unwrap(schema: z.core.$ZodType): { schema: z.core.$ZodType; standard?: unknown; optional: boolean } {
  if (schema instanceof z.ZodPrefault) {
    return { schema: schema.def.innerType, standard: schema.def.defaultValue, optional: true };
  }
  if (schema instanceof z.ZodOptional) return { schema: schema.def.innerType, optional: true };
  return { schema, optional: false };
}

/** Checks such as `.min()` make a copy of a schema, which zod's registries follow to the original's row. */
function rowOf(schema: z.core.$ZodType): Row {
  const row = rows.get(schema);
  if (row === undefined)
    throw new Error(`A parameter of the config table has no row: ${schema._zod.def.type}`);
  return row;
}

/** The part of the outline that describes what stands at `path` in `input`. */
export function outlineAt(whole: Outline, path: readonly PropertyKey[], input: unknown): Outline | undefined {
  let here: Outline | undefined = choose(whole, input);
  let value = input;
  for (const step of path) {
    if (here === undefined) return undefined;
    value = member(value, step);
    here = choose(child(here, step), value);
  }
  return here;
}

function child(of: Outline, step: PropertyKey): Outline | undefined {
  if (of.kind === 'list' || of.kind === 'map') return of.of;
  if (of.kind === 'group') return of.fields.find(({ name }) => name === step)?.of;
  return undefined;
}

/** Of several possibilities, the one that `value` is meant to be: by its literal fields, or else any group. */
function choose(of: Outline | undefined, value: unknown): Outline | undefined {
  if (of?.kind !== 'choice') return of;
  const groups = of.options.filter((option) => option.kind === 'group');
  if (groups.length === 1) return groups[0];
  return groups.find(({ fields }) => fields.every((field) => fits(field, value))) ?? of;
}

function fits({ name, of }: Field, value: unknown): boolean {
  return of.kind !== 'literal' || of.values.includes(member(value, name));
}

/** `value[step]`, for values of unknown shape. */
export function member(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return Reflect.get(value, step);
}
