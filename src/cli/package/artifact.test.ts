import { expect, test } from 'bun:test';
import type { ArtifactPage } from '../../access/api/packages-message.ts';
import { shownArtifact } from './artifact.ts';

const digest = `sha256:${'a'.repeat(64)}`;
/** Clears a terminal. */
const hostile = '\u001b[2Jfine';
const type = 'application/vnd.oci.image.manifest.v1+json';

const page: ArtifactPage = {
  ...{ route: 'oci', name: 'acme/app', version: 'v1', digest, mediaType: type, tags: ['v1'], note: null },
  blocked: { rules: ['blocked'], why: `is blocked (${hostile})`, untilMs: null },
  ...{ kind: 'image', artifactType: hostile, platforms: [hostile], access: 'restricted', kept: 'hosted' },
  ...{ manifestBytes: 500, sizeBytes: 2048, sizes: { ownBytes: 1024, sharedBytes: 1024 } },
  ...{ pushedMs: 0, publisher: hostile, subject: null, children: [], mayDelete: false },
  config: {
    ...{ digest, mediaType: hostile, sizeBytes: 1, platform: hostile, createdMs: null, author: hostile },
    ...{
      user: hostile,
      workingDir: hostile,
      entrypoint: [hostile],
      command: [],
      ports: [hostile],
      volumes: [],
    },
    ...{ environment: [hostile], labels: { [hostile]: hostile } },
  },
  layers: [{ digest, mediaType: hostile, sizeBytes: 1024, history: hostile, isShared: true }],
  annotations: { 'org.opencontainers.image.title': `two\nlines ${hostile}` },
  referrers: [{ digest, kind: 'sbom', artifactType: hostile, sizeBytes: 1, annotations: {}, tag: null }],
};

test('a version says what it is made of', () => {
  const text = shownArtifact(page);
  expect(text).toContain('acme/app:v1 (oci, image, hosted, restricted)\n');
  expect(text).toContain('size: 2 KiB: 1 KiB of its own, 1 KiB shared with others\n');
  expect(text).toContain('sbom');
  expect(text).toContain('\nBLOCKED: is blocked (');
});

test('what publishers have written is text in one line, and no command to the terminal', () => {
  const text = shownArtifact(page);
  expect(text).not.toContain('\u001b');
  expect(text).toContain('two lines');
});
