/** Parameters of a policy for images: which of them may be pulled. */
import * as forms from './forms.ts';
import { anyText, count, group, list, oneOf, seconds, text } from './kinds.ts';

const spec = text(
  'Images.',
  {
    expected:
      "images by their full name, such as 'docker.io/library/*', 'ghcr.io/acme/app:<2.0', 'acme/app@sha256:…' or 'sha256:…'",
  },
  forms.imageSpec,
);

const name = text(
  'Names.',
  { expected: "full names of images, with stars, such as 'docker.io/*'" },
  forms.fullImagesPattern,
);

const exempt = (means: string) => list(means, spec).prefault([]);

const age = group('Images have to be of some age. Malware is mostly found within days.', {
  images: list('Which ones.', name, 'all that are pulled through').prefault([]),
  minimumS: seconds('How old.').prefault('7d'),
  since: oneOf(
    "What counts: when this network first saw it (`'seen'`), which nobody can forge, or when it says that it was made (`'created'`), which whoever makes it can.",
    ['seen', 'created'],
  ).prefault('seen'),
  withoutTime: oneOf('Images that do not say when they were made, with `created`.', [
    'refuse',
    'allow',
  ]).prefault('refuse'),
  exempt: exempt('May be used at any age.'),
});

const key = group('A public key.', {
  name: anyText('As messages call it.', { expected: 'a name' }),
  pem: text(
    'In PEM form, as `cosign generate-key-pair` writes it to `cosign.pub`.',
    { expected: 'a public key in PEM form: ECDSA with P-256, RSA of 2048 bits or more, or Ed25519' },
    forms.publicKey,
  ),
});

const signatures = group('Images have to be signed, as cosign does.', {
  images: list('Which ones, from upstreams or living here.', name),
  keys: list('By whom.', key),
  needed: count('Of how many of these keys there has to be a signature.', 1, 20).prefault(1),
  signedFor: list(
    'What signers have to call the image (`critical.identity.docker-reference`, or the name of the subject).',
    name,
    'any name, as images are copied to other places with their signatures',
  ).optional(),
  exempt: exempt('Need no signature.'),
  recheckS: seconds('How long a signature is believed before it is looked for again.', {
    atLeast: 1,
  }).prefault('1h'),
});

export const ociPolicy = group(
  'Which images may be pulled. The others are refused with 403 `DENIED` and the reason. What is pushed is not judged.',
  {
    blocked: list('Never.', spec).prefault([]),
    only: list('Of what is pulled through, nothing but these.', spec, 'everything').optional(),
    allowed: list(
      'Neither `blocked` nor `only` is about these, unless a digest of them is blocked.',
      spec,
    ).prefault([]),
    age: list('All that are about an image have to be satisfied.', age).prefault([]),
    signatures: list('All that are about an image have to be satisfied.', signatures).prefault([]),
  },
);
