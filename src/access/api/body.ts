/** What an endpoint takes, as JSON Schema: its description is made of it, and bodies are held against it for fields that it does not know. */
import { z } from 'zod';
import { suggest } from '../../messages/suggest.ts';

/** As much of it as zod writes for what is sent. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape | boolean;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly const?: unknown;
}

const shapes = new WeakMap<z.ZodType, Shape>();

/** Of a field's name that is told back. */
const mostShown = 100;

/** An object has the fields that it names, and no others. */
export function bodyShape(type: z.ZodType): object {
  const known = shapes.get(type);
  if (known !== undefined) return known;
  const { $schema: _, ...shape } = z.toJSONSchema(type, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= false;
    },
  });
  shapes.set(type, shape as Shape);
  return shape;
}

/**
 * What is wrong with the first field that is not among those that are taken, and which one may be meant; `null`: there is none. Left out silently, a
 * misspelt field would have something else done than was asked for. Whether the others are right is for the type to say.
 */
export function unknownField(type: z.ZodType, body: unknown): string | null {
  const found = search(bodyShape(type), body, []);
  if (found === null) return null;
  const { path, known } = found;
  const name = path.at(-1) ?? '';
  const shown = [...path.slice(0, -1), name.slice(0, mostShown)].join('.');
  const { hint } = suggest(name, known);
  const expected = known.length === 0 ? 'no fields here' : `one of ${known.join(', ')}`;
  return `${shown}: expected ${expected}, found an unknown field${hint === undefined ? '' : `. ${hint}`}`;
}

interface Unknown {
  readonly path: readonly string[];
  /** What there could be in its place. */
  readonly known: readonly string[];
}

function search(shape: Shape, value: unknown, path: readonly string[]): Unknown | null {
  if (typeof value !== 'object' || value === null) return null;
  const options = shape.anyOf ?? shape.oneOf;
  if (options !== undefined) return searchAll(options, value, path);
  if (Array.isArray(value)) {
    if (typeof shape.items !== 'object') return null;
    for (const [at, each] of value.entries()) {
      const found = search(shape.items, each, [...path, String(at)]);
      if (found !== null) return found;
    }
    return null;
  }
  return searchFields(shape, value, path);
}

function searchFields(shape: Shape, value: object, path: readonly string[]): Unknown | null {
  const { properties = {}, additionalProperties: others } = shape;
  for (const [name, each] of Object.entries(value)) {
    const at = [...path, name];
    const of = Object.hasOwn(properties, name) ? properties[name] : others;
    if (of === false) return { path: at, known: Object.keys(properties) };
    const found = typeof of === 'object' ? search(of, each, at) : null;
    if (found !== null) return found;
  }
  return null;
}

/** One of them is meant: of those that call themselves by this name, if they do, the first that comes nearest. */
function searchAll(options: readonly Shape[], value: object, path: readonly string[]): Unknown | null {
  const all = options.flatMap((option) => option.anyOf ?? option.oneOf ?? [option]);
  let first: Unknown | null = null;
  for (const option of all.filter((each) => isMeant(each, value))) {
    const found = search(option, value, path);
    if (found === null) return null;
    first ??= found;
  }
  return first;
}

function isMeant({ properties = {} }: Shape, value: object): boolean {
  return Object.entries(properties).every(
    ([name, of]) => of.const === undefined || of.const === Reflect.get(value, name),
  );
}
