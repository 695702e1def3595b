/** Where a bucket is, whose requests there are, and how they are signed. What the config leaves open, the environment says. */
import { MeridianError } from '../../../errors.ts';
import { type Asked, type Credentials, encodedPath } from './sigv4.ts';

export interface PlaceOptions {
  readonly bucket: string;
  /** `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:9000`; without it, Amazon's for the region. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Whether the bucket is named by the host and not by the path. */
  readonly virtualHostedStyle: boolean;
  /** `S3_REGION`, `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`, `S3_SESSION_TOKEN`, or the same with `AWS_`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Place {
  readonly origin: string;
  readonly region: string;
  /** @throws `store-unavailable` where nobody says what they are. */
  credentials(): Credentials;
  /** Of an object, or of the bucket itself. */
  at(key: string | undefined): Pick<Asked, 'host' | 'path'>;
}

export function placeOf(options: PlaceOptions): Place {
  const { bucket, virtualHostedStyle } = options;
  const region = options.region ?? setting(options, 'REGION') ?? regionIn(options.endpoint) ?? 'us-east-1';
  const url = new URL(options.endpoint ?? `https://s3.${region}.amazonaws.com`);
  // Some write the bucket into the endpoint themselves.
  if (virtualHostedStyle && !url.hostname.startsWith(`${bucket}.`))
    url.hostname = `${bucket}.${url.hostname}`;
  const root = url.pathname.replace(/\/+$/, '');
  const folder = virtualHostedStyle ? root : `${root}/${bucket}`;
  return {
    origin: url.origin,
    region,
    credentials: () => credentialsOf(options),
    at: (key) => ({
      host: url.host,
      path: key === undefined ? folder || '/' : `${folder}/${encodedPath(key)}`,
    }),
  };
}

function credentialsOf(options: PlaceOptions): Credentials {
  const accessKeyId = options.accessKeyId ?? setting(options, 'ACCESS_KEY_ID');
  const secretAccessKey = options.secretAccessKey ?? setting(options, 'SECRET_ACCESS_KEY');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey';
    throw new MeridianError(
      'store-unavailable',
      `the bucket has no \`${missing}\`, in the config or the environment`,
    );
  }
  // A token belongs to the key that it came with.
  const isFromEnvironment = options.accessKeyId === undefined;
  const sessionToken =
    options.sessionToken ?? (isFromEnvironment ? setting(options, 'SESSION_TOKEN') : undefined);
  return { accessKeyId, secretAccessKey, sessionToken };
}

function setting({ env }: PlaceOptions, name: string): string | undefined {
  return env[`S3_${name}`] || env[`AWS_${name}`] || undefined;
}

/** Amazon's endpoints name their region. */
function regionIn(endpoint: string | undefined): string | undefined {
  return /\bs3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(endpoint ?? '')?.[1];
}
