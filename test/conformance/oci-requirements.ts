/**
 * What the OCI Distribution Specification 1.1 requires of a registry, sentence by sentence, and what tests each. What it requires of clients
 * alone is left out. docs/conformance.md shows this list; `npm run conformance -- oci` runs it.
 */

export interface Requirement {
  readonly section: string;
  readonly level: 'MUST' | 'SHOULD';
  readonly says: string;
  /** Tests of this folder, as `<file>: <title>`; or the path of a file elsewhere. */
  readonly by: readonly string[];
}

type Row = readonly [level: Requirement['level'], says: string, ...by: string[]];

const pulled =
  'oci-blobs: a manifest comes back byte for byte, by tag and by digest, with its type and digest';
const noManifest = 'oci-blobs: one that is not there is answered with 404 MANIFEST_UNKNOWN';
const pulledBlob = 'oci-blobs: a blob comes back with its digest, and in parts';
const noBlob =
  'oci-blobs: one that is not in the repository is answered with 404 BLOB_UNKNOWN, wherever else it is';
const head = 'oci-blobs: HEAD says digest and length, and 404 for what is not there';
const postPut = 'oci-blobs: POST then PUT: 202 with a location, then 201 with that of the blob';
const singlePost = 'oci-blobs: a single POST';
const chunks = 'oci-blobs: in order, with the place of each told';
const disorder = 'oci-blobs: out of order is refused with 416, and where it goes on is told';
const otherBytes = 'oci-blobs: other bytes than the digest says are refused, and nothing of them is there';
const pushed = 'oci-manifests: 201 with a place and the digest, by tag, by digest, and with more tags';
const limit = 'oci-manifests: 4 MiB are taken, and more refused with 413';
const referrers =
  'oci-manifests: whoever refers to a manifest is listed with type and annotations, whether that is there or not';
const noReferrers = 'oci-manifests: before there is any, and without a repository, the list is empty';
const pages = 'oci-manifests: more than one answer holds come page by page';
const filtered =
  'oci-lists: a filter is told where it is applied, also where nothing is left, and not where there is none';
const tags = 'oci-manifests: all of them, in order';
const tagPages = 'oci-manifests: n at a time, with a link to the next page';
const allTags = 'oci-lists: in the order of their bytes, by whatever page';
const noReference =
  'oci-errors: nothing is found by a reference that is neither a tag nor a digest, nor pushed';
const names = 'oci-errors: a name may be all that the grammar has';
const noNames = 'oci-errors: nothing is found by a name that is none, and nothing begun: NAME_INVALID';
const tagGrammar =
  'oci-errors: a tag may be all that the grammar has, of up to 128 characters, and its case counts';
const inForm = 'oci-errors: are in JSON, in the form of the specification, with a sentence and in capitals';
const sha512 = 'oci-uploads: by SHA-512, in each of the ways';
const notMounted = 'oci-uploads: what cannot be mounted begins an upload, by which it is pushed';

const sections: Readonly<Record<string, readonly Row[]>> = {
  'Pulling manifests': [
    ['MUST', 'A reference is a digest or a tag, and in no other format.', noReference],
    ['MUST', 'A name matches the grammar of names.', names, noNames],
    ['MUST', 'A tag has at most 128 characters and matches the grammar of tags.', tagGrammar, noReference],
    [
      'SHOULD',
      'The Content-Type of a manifest has no parameters.',
      pulled,
      'oci-manifests: parameters of the type are ignored',
    ],
    [
      'SHOULD',
      'It is the one that the manifest was pushed with.',
      pulled,
      'oci-uploads: types of Docker are kept as they are',
      'oci-uploads: Accept makes no difference to what is given, nor to who gets it from the cache',
    ],
    ['MUST', 'A manifest that is there is given, as expected, with 200.', pulled],
    ['MUST', 'Docker-Content-Digest holds its digest.', pulled, 'oci-manifests: by SHA-512'],
    ['MUST', 'What is not found is answered with 404.', noManifest, noReference],
  ],
  'Pulling blobs': [
    [
      'MUST',
      'A blob that is there is given, as expected, with 200.',
      pulledBlob,
      'oci-uploads: a blob without a byte',
    ],
    ['MUST', 'Docker-Content-Digest holds its digest, which is that of the body.', pulledBlob, sha512],
    [
      'MUST',
      'What is not found is answered with 404.',
      noBlob,
      'oci-errors: nothing is found by a digest that is none, or of an algorithm that is not known',
    ],
    [
      'SHOULD',
      'Range is supported as in RFC 9110.',
      'oci-wire: 206 with the bytes that are wanted and where they are, before and after the blob is cached',
      'oci-wire: 416 with the length for what lies beyond the end, and what ends before it begins',
      'oci-wire: the whole where the unit is not known, or the blob has another validator than the client means',
      'oci-wire: several ranges at once, and that ranges are known, is told',
      'oci-wire: HEAD says the whole length, whatever range it names',
    ],
  ],
  'Checking if content exists in the registry': [
    ['MUST', 'HEAD of what is there is answered with 200.', head],
    ['MUST', 'Docker-Content-Digest holds the digest.', head],
    ['MUST', 'Content-Length holds the length.', head],
    [
      'MUST',
      'What is not found is answered with 404.',
      head,
      'oci-blobs: what was not there a moment ago is there as soon as it is pushed',
    ],
  ],
  Push: [
    ['MUST', 'A manifest is taken whose subject is not there.', referrers],
    [
      'MUST',
      'One that is rejected for a blob or manifest that is not there hears MANIFEST_BLOB_UNKNOWN.',
      'oci-manifests: what names a blob that is not there is refused with MANIFEST_BLOB_UNKNOWN',
      'oci-errors: MANIFEST_BLOB_UNKNOWN: a manifest that names a blob or a manifest that there is not',
    ],
    [
      'SHOULD',
      'A digest that is invalid, or of an algorithm that is not supported, is answered with 400.',
      'oci-blobs: a digest that is none, or of an algorithm that is not known, is refused with 400',
      otherBytes,
    ],
  ],
  'Pushing a blob monolithically': [
    ['MUST', 'POST is answered with 202 and a Location.', postPut],
    ['MUST', 'The Location contains a UUID.', postPut],
    [
      'MUST',
      'PUT is answered with 201 and the Location of the blob, which can be pulled from there.',
      postPut,
      'oci-wire: what Location says is good behind a proxy with another address, from the first to the last',
    ],
    ['MUST', 'A single POST is answered with 201 and the Location of the blob.', singlePost],
    ['MUST', 'The digest of a single POST is that of the blob.', otherBytes],
  ],
  'Pushing a blob in chunks': [
    [
      'SHOULD',
      'The smallest length of a chunk is told, if there is one.',
      'oci-uploads: a chunk may have any length, so that no shortest one is told',
    ],
    ['MUST', 'The first range begins with 0.', 'oci-uploads: the first chunk begins with 0'],
    [
      'MUST',
      'A range has the form <from>-<to>, and includes both.',
      'oci-blobs: a range that is none, or of another length, is refused',
      'oci-wire: a chunk that comes without a length has to be as long as its range, and is not kept where it is longer',
    ],
    [
      'MUST',
      'A chunk is answered with 202, Location and Range.',
      chunks,
      'oci-blobs: all in one stream of unknown length, and an end without a body',
    ],
    ['MUST', 'A chunk out of order is answered with 416.', disorder],
    [
      'MUST',
      'The session is closed by PUT, with the digest of the whole, and answered with 201 and a Location.',
      chunks,
      'oci-uploads: an upload that has ended by a push is over',
    ],
    ['MUST', 'The last chunk out of order is answered with 416.', disorder],
    ['MUST', 'GET of an upload is answered with 204, Location and Range.', chunks],
    ['SHOULD', 'Algorithms besides sha256 are named by digest-algorithm.', sha512],
  ],
  'Cancel a blob upload': [
    ['SHOULD', 'DELETE is answered with 204.', 'oci-blobs: DELETE ends it with 204'],
    ['SHOULD', 'Uploads that are left end by themselves.', 'src/origin/blobs/uploads.contract.ts'],
  ],
  'Mounting a blob from another repository': [
    [
      'MUST',
      'A mount is answered with 201 and a Location.',
      'oci-blobs: 201 where the other one has it, without any bytes',
      'oci-uploads: without from, wherever it is that whoever asks may read',
      'oci-uploads: from the repository itself',
    ],
    [
      'SHOULD',
      'What cannot be mounted is answered with 202.',
      'oci-blobs: 202 with an upload where it has not',
      notMounted,
    ],
  ],
  'Pushing Manifests': [
    [
      'SHOULD',
      'Parameters of the Content-Type are ignored.',
      'oci-manifests: parameters of the type are ignored',
    ],
    [
      'MUST',
      'A manifest is kept byte for byte.',
      pulled,
      pushed,
      'oci-uploads: an empty index, an index in an index, an image without layers, and members that nobody knows',
    ],
    [
      'MUST',
      'PUT is answered with 201 and a Location.',
      pushed,
      'oci-uploads: nothing ends in between: the same manifest again is the same',
    ],
    [
      'MUST',
      'Docker-Content-Digest is the digest that the client has said.',
      pushed,
      'oci-manifests: by SHA-512',
      'oci-manifests: what is not the digest in its address is refused with DIGEST_INVALID',
    ],
    ['SHOULD', 'At least 10 tags can be pushed at once.', pushed],
    ['MUST', 'OCI-Tag names each tag that was accepted.', pushed],
    [
      'MUST',
      'A pull from a repository that is not there is answered with 404.',
      'oci-errors: NAME_UNKNOWN: a repository that there is not',
    ],
    ['SHOULD', 'The length of manifests has a limit.', limit],
    ['SHOULD', 'What exceeds it is answered with 413.', limit],
    [
      'SHOULD',
      'Manifests of 4 MB can be pushed.',
      limit,
      'oci-wire: a manifest of 4 MiB has a length when it is pulled for the first time, too',
    ],
  ],
  'Pushing Manifests with Subject': [
    [
      'MUST',
      'OCI-Subject holds the digest of the subject.',
      referrers,
      'oci-lists: of a subject by SHA-512, and of a referrer by SHA-512',
    ],
  ],
  'Listing Tags': [
    [
      'MUST',
      'The list of a repository is answered with 200.',
      tags,
      'oci-lists: a repository without tags has an empty list',
    ],
    ['MUST', 'Tags are in lexical order, also with n and last.', tags, allTags],
    ['MUST', 'The body is JSON with name and tags.', allTags],
    ['MUST', 'There are n of them, but where there are no more, or Link leads on.', tagPages, allTags],
    ['MUST', 'Link is as in RFC 5988, with rel="next".', tagPages, allTags],
    ['MUST', 'For n=0 the list is empty, without Link.', tagPages],
    [
      'MUST',
      'last is a tag, and no index.',
      'oci-manifests: after the last one, whether that is there or not',
      'oci-lists: after the last one of all there is nothing, and no link',
    ],
  ],
  'Listing Referrers': [
    [
      'MUST',
      'The list is answered with 200, and never with 404.',
      noReferrers,
      'oci-lists: never 404: nothing refers to what there is not',
    ],
    [
      'MUST',
      'A request that is invalid is answered with 400.',
      'oci-lists: 400 for a digest that is none',
      noNames,
    ],
    ['MUST', 'The body is an image index, of that Content-Type.', noReferrers, filtered],
    [
      'MUST',
      'artifactType is that of the manifest, else the type of the config of an image, and not there for an index.',
      referrers,
    ],
    ['MUST', 'Annotations of the manifest are there.', referrers],
    [
      'MUST',
      'Where nothing matches, the list is empty.',
      noReferrers,
      filtered,
      'oci-lists: in one repository alone, and not as tags',
    ],
    ['MUST', 'What one answer cannot hold is led on to by Link, as in RFC 5988, with rel="next".', pages],
    ['SHOULD', 'artifactType filters.', referrers, filtered],
    ['MUST', 'OCI-Filters-Applied says so.', referrers, filtered],
  ],
  'Deleting tags, manifests and blobs': [
    [
      'MUST',
      'A tag that is deleted is answered with 202, and found no more.',
      'oci-manifests: a tag is deleted with 202, and the manifest stays',
    ],
    [
      'MUST',
      'A manifest that is deleted is answered with 202, and found no more, nor by its tags.',
      'oci-manifests: a manifest is deleted with 202, and all its tags with it',
    ],
    [
      'MUST',
      'In a repository that is not there, that is answered with 404.',
      'oci-manifests: a manifest is deleted with 202, and all its tags with it',
    ],
    [
      'MUST',
      'A blob that is deleted is answered with 202.',
      'oci-manifests: a blob is deleted with 202, once no manifest needs it',
    ],
    [
      'MUST',
      'A blob that is not there is answered with 404.',
      'oci-errors: BLOB_UNKNOWN: a blob that there is not, to be pulled or deleted',
    ],
    [
      'MUST',
      'Where deletion is disabled, that is answered with 400 or 405 (of what a manifest needs).',
      'oci-manifests: a blob is deleted with 202, once no manifest needs it',
    ],
  ],
  'Registry Proxying': [
    ['SHOULD', 'OCI-Namespace holds what ns= has said.', 'test/scenarios/oci-upstreams.test.ts'],
  ],
  'Enabling the Referrers API': [
    [
      'MUST',
      'Manifests are listed that an older client lists by the referrers tag.',
      'oci-lists: those that an older client lists by the tag of the subject are listed, as they have been pushed, too',
    ],
    ['MUST', 'All manifests with a subject are listed that are pushed.', referrers],
  ],
  API: [
    [
      'SHOULD',
      'What the specification does not define follows RFC 9110.',
      'oci-wire: HTTP/1.0 is answered in full, without chunks',
      'oci-wire: a body may have a length, come in chunks, or be waited for (Expect)',
      'oci-wire: without a body and without a length, nothing has come',
      'oci-wire: a body whose length is ambiguous is refused',
      'oci-wire: addresses are as they are: no slash more, none less, nothing encoded but what has to be',
      'oci-errors: UNSUPPORTED: another method, with those that there are, and another address',
    ],
  ],
  'Error Codes': [
    ['MUST', 'A body in JSON has the form of the specification.', inForm],
    ['MUST', 'A code consists of capitals and underscores.', inForm],
    ['SHOULD', 'A message can be read by people.', inForm],
    [
      'MUST',
      'A code is one of the table.',
      ...[
        'oci-errors: BLOB_UNKNOWN: a blob that there is not, to be pulled or deleted',
        'oci-errors: BLOB_UPLOAD_INVALID: a chunk that is out of order, or whose range is none',
        'oci-errors: BLOB_UPLOAD_UNKNOWN: an upload that there is not, by whatever name',
        'oci-errors: DIGEST_INVALID: other bytes than it says, none at all, two that differ, and one that cannot be checked',
        'oci-errors: MANIFEST_INVALID: nothing, what is no JSON, and a type that nobody knows',
        'oci-errors: MANIFEST_UNKNOWN: a manifest that there is not, to be pulled or deleted',
        'oci-errors: SIZE_INVALID: a chunk of another length than its range, and a manifest beyond the limit',
        'oci-errors: UNAUTHORIZED: nobody in particular may neither push nor delete, and hears where to get a token',
        'oci-errors: DENIED: a tag that stays is not deleted',
      ],
    ],
  ],
};

export const requirements: readonly Requirement[] = Object.entries(sections).flatMap(([section, rows]) =>
  rows.map(([level, says, ...by]) => ({ section, level, says, by })),
);

/** As docs/conformance.md has them. */
export function requirementsTable(): string {
  const rows = requirements.map(({ section, level, says, by }) => {
    const files = [...new Set(by.map((test) => (isHere(test) ? `${test.split(': ', 1)[0]}.test.ts` : test)))];
    const text = says.replaceAll('<', '&lt;');
    return `| ${section} | ${level} | ${text} | ${files.map((file) => `\`${file}\``).join(', ')} |`;
  });
  return ['| section | level | requirement | test |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Whether it is a test of this folder. */
export function isHere(test: string): boolean {
  return test.includes(': ');
}
