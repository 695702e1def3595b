/** Media types of signatures, as cosign writes them, and how much of them is read. */

export const simpleSigning = 'application/vnd.dev.cosign.simplesigning.v1+json';
const envelope = 'application/vnd.dsse.envelope.v1+json';
/** The end is a version: `…bundle.v0.3+json`. Earlier ones had another form: `…bundle+json;version=0.1`. */
const bundles = ['0.1', '0.2', '0.3'].flatMap((version) => [
  `application/vnd.dev.sigstore.bundle.v${version}+json`,
  `application/vnd.dev.sigstore.bundle+json;version=${version}`,
]);

export const bundleTypes: ReadonlySet<string> = new Set(bundles);

/** Layers that are about an image, and no part of one. */
export const layerTypes: ReadonlySet<string> = new Set([simpleSigning, envelope, ...bundles]);

/** Bytes of one. A bundle with its certificates and log entries has some tens of KiB. */
export const longestSignature = 2 ** 20;
