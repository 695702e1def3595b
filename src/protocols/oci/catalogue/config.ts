/** What the config of an image says of how it runs and how it was made (OCI Image Specification, Image Configuration); of a chart, of itself. */
import type { ArtifactConfig } from '../../../catalogue.ts';
import { parsedJson } from '../../../http/json.ts';
import { fieldsIn, listIn, type Part, platformIn, textIn, textsIn, timeIn } from '../outline.ts';

/** A longer one is not read. */
export const longestConfig = 2 ** 20;
const mostItems = 200;

export interface ReadConfig {
  readonly told: Omit<ArtifactConfig, 'digest' | 'mediaType' | 'sizeBytes'>;
  /** What has made each layer, the lowest first; those steps alone that have made one. */
  readonly history: readonly (string | null)[];
  /** Where a chart describes itself. */
  readonly chart: { readonly description: string | null; readonly home: string | null };
}

/** @param bytes `null`: it is not here. */
export function readConfig(bytes: Uint8Array | null): ReadConfig {
  const value = fieldsIn(bytes && parsedJson(new TextDecoder().decode(bytes)));
  const runs = fieldsIn(value?.['config']);
  return {
    told: {
      platform: platformIn(value),
      createdMs: timeIn(value?.['created']),
      author: textIn(value?.['author']),
      entrypoint: textsOf(runs?.['Entrypoint']),
      command: textsOf(runs?.['Cmd']),
      user: textIn(runs?.['User']),
      workingDir: textIn(runs?.['WorkingDir']),
      ports: namesOf(runs?.['ExposedPorts']),
      volumes: namesOf(runs?.['Volumes']),
      environment: textsOf(runs?.['Env']).map((each) => each.replace(/=.*$/s, '')),
      labels: textsIn(runs?.['Labels']),
    },
    history: listIn(value?.['history'])
      .map(fieldsIn)
      .filter((step) => step?.['empty_layer'] !== true)
      .map((step) => stepOf(textIn(step?.['created_by']))),
    chart: { description: textIn(value?.['description']), home: textIn(value?.['home']) },
  };
}

/** As it was written in a Dockerfile, without the shell that older builders name. */
function stepOf(text: string | null): string | null {
  return text?.replace(/^\/bin\/sh -c (?:#\(nop\)\s*)?/, '').replace(/\s+# buildkit$/, '') ?? null;
}

function textsOf(value: unknown): readonly string[] {
  return listIn(value)
    .slice(0, mostItems)
    .flatMap((each) => textIn(each) ?? []);
}

function namesOf(value: unknown): readonly string[] {
  return Object.keys(fieldsIn(value) ?? {})
    .slice(0, mostItems)
    .map((name) => name.slice(0, 255));
}

/** A layer's file, where it says what it is called (ORAS). */
export function fileNameOf({ annotations }: Part): string | null {
  return annotations['org.opencontainers.image.title'] ?? null;
}
