/** Settings in XML files that are somebody else's. */
import { describe, expect, test } from 'bun:test';
import type { Setting } from '../../guide.ts';
import { withoutSettings, withSettings } from './edit.ts';

const url = 'https://packages.example.com/maven/';
const mirror: Setting = {
  section: 'settings/mirrors',
  key: '<id>meridian</id>',
  value: `<mirror><id>meridian</id><mirrorOf>central</mirrorOf><url>${url}</url></mirror>`,
};
const server: Setting = {
  section: 'settings/servers',
  key: '<id>meridian</id>',
  value: '<server><id>meridian</id><username>x</username></server>',
};
const source: Setting = {
  section: 'configuration/packageSources',
  key: 'key="meridian"',
  value:
    '<add key="meridian" value="https://packages.example.com/nuget/v3/index.json" protocolVersion="3" />',
};

interface Case {
  readonly what: string;
  readonly settings: readonly Setting[];
  readonly before: string;
  readonly after: string;
}

const cases: readonly Case[] = [
  {
    what: 'nothing',
    settings: [mirror, server],
    before: '',
    after: `<?xml version="1.0" encoding="utf-8"?>
<settings>
  <mirrors>
    ${mirror.value}
  </mirrors>
  <servers>
    ${server.value}
  </servers>
</settings>
`,
  },
  {
    what: 'other mirrors, comments and attributes',
    settings: [mirror],
    before: `<settings xmlns="http://maven.example/1.0" a='>'>
  <!-- <mirrors> of <another> day -->
  <mirrors>
    <mirror>
      <id>other</id>
    </mirror>
  </mirrors>
</settings>
`,
    after: `<settings xmlns="http://maven.example/1.0" a='>'>
  <!-- <mirrors> of <another> day -->
  <mirrors>
    ${mirror.value}
    <mirror>
      <id>other</id>
    </mirror>
  </mirrors>
</settings>
`,
  },
  {
    what: 'no mirrors, and no line end',
    settings: [mirror],
    before: '<settings>\n  <offline>false</offline>\n</settings>',
    after: `<settings>\n  <mirrors>\n    ${mirror.value}\n  </mirrors>\n  <offline>false</offline>\n</settings>`,
  },
  {
    what: 'an empty list in one tag',
    settings: [mirror],
    before: '<settings>\r\n  <mirrors/>\r\n</settings>\r\n',
    after: `<settings>\r\n  <mirrors>\r\n    ${mirror.value}\r\n  </mirrors>\r\n</settings>\r\n`,
  },
  {
    what: 'an empty list in two tags',
    settings: [mirror],
    before: '<settings><mirrors></mirrors></settings>',
    after: `<settings><mirrors>\n  ${mirror.value}\n</mirrors></settings>`,
  },
  {
    what: 'a source of the same name',
    settings: [source],
    before:
      '<?xml version="1.0"?>\n<configuration>\n  <packageSources>\n    <clear />\n    <add key="meridian" value="old" />\n  </packageSources>\n</configuration>\n',
    after: `<?xml version="1.0"?>\n<configuration>\n  <packageSources>\n    <clear />\n    ${source.value}\n  </packageSources>\n</configuration>\n`,
  },
];

describe.each([...cases])('a file with $what', ({ settings, before, after }) => {
  const file = { form: 'xml' as const, settings };

  test('has the settings, and all that it had', () => expect(withSettings(before, file)).toBe(after));

  test('does not change when it has them already', () => expect(withSettings(after, file)).toBe(after));

  test('has them no more, and what somebody has added since', () => {
    const added = after.replace(/(?=<\/(?:settings|configuration)>)/, '<!-- added -->');
    const back = withoutSettings(added, before, file);
    const bare = (text: string) => text.replace('<!-- added -->', '').replace(/>\s+</g, '><').trim();
    expect(back).toContain('<!-- added -->');
    if (before !== '') expect(bare(back)).toBe(bare(before).replace('<mirrors/>', '<mirrors></mirrors>'));
    else expect(back).not.toContain('meridian');
  });
});

test('what somebody has set otherwise since stays as he has set it', () => {
  const now = '<settings><mirrors><mirror><id>meridian</id><url>x</url></mirror></mirrors></settings>';
  expect(withoutSettings(now, '', { form: 'xml', settings: [mirror] })).toBe(now);
});

test.each(['<settings>', '<settings></mirrors></settings>', '<other></other>', 'no XML'])(
  '%p is left alone',
  (text) => expect(() => withSettings(text, { form: 'xml', settings: [mirror] })).toThrow(),
);
