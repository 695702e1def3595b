/**
 * The canonical form of every text that a config file may hold: each function gives that form, or
 * `undefined` for text that is not valid. What passes here needs no second look anywhere else.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';

/** Names of networks, nodes and routes: they appear in header fields, file names, metrics and cache keys. */
export function label(value: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value) ? value : undefined;
}

/** A host to listen on: an IP address (IPv6 without brackets) or a name. */
export function listenHost(value: string): string | undefined {
  const bare = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  return isIP(bare) !== 0 || hostName(bare) !== undefined ? bare.toLowerCase() : undefined;
}

/** `packages.example.com`, an IP address, or `*.example.com`: the `Host` of requests, without a port. */
export function hostPattern(value: string): string | undefined {
  const lower = value.toLowerCase();
  if (lower.startsWith('*.')) return hostName(lower.slice(2)) === undefined ? undefined : lower;
  if (lower.startsWith('[') && lower.endsWith(']')) return isIPv6(lower.slice(1, -1)) ? lower : undefined;
  return hostName(lower);
}

/** A name, or an IPv4 address, without a port. In lower case. */
export function hostName(value: string): string | undefined {
  const labels = value.split('.');
  const wellFormed = labels.every((part) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(part));
  return value.length <= 253 && wellFormed ? value.toLowerCase() : undefined;
}

/** `host` or `host:port`, as a `Host` field carries it. */
export function authority(value: string): string | undefined {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(value) ?? [];
  if (host.startsWith('*') || hostPattern(host) === undefined || Number(port ?? 0) > 65_535) return undefined;
  return value.toLowerCase();
}

/** An absolute http or https URL without user-info, query, fragment and trailing slash. */
export function httpUrl(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (/[?#\\\s]/.test(value) || value.split('/')[2]?.includes('@')) return undefined;
  return url.href.replace(/\/+$/, '');
}

/** Where a page is from, as the `Origin` field has it (RFC 6454 §6.2), or `*` for anywhere. */
export function pageOrigin(value: string): string | undefined {
  if (value === '*') return value;
  const url = httpUrl(value);
  return url !== undefined && URL.parse(url)?.origin === url ? url : undefined;
}

/** Where a key/value server is: scheme, host and port, several of one scheme separated by commas. */
export function kvUrl(value: string): string | undefined {
  const urls = value.split(',');
  const schemes = new Set(urls.map((url) => /^(rediss?|nats|tls):\/\/([^/?#@\s]+)\/?$/.exec(url)?.[1]));
  const hosts = urls.map((url) => /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? '*');
  const isOne = schemes.size === 1 && !schemes.has(undefined);
  if (!isOne || hosts.some((host) => authority(host) === undefined)) return undefined;
  if (value.startsWith('redis') && urls.length > 1) return undefined;
  return urls.map((url) => url.replace(/\/$/, '')).join(',');
}

/** `nats://host:4222`, `tls://…`, `redis://…` or `rediss://…`: credentials are parameters of their own. */
export function busUrl(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !['nats:', 'tls:', 'redis:', 'rediss:'].includes(url.protocol)) return undefined;
  if (url.hostname === '' || /[?#\\\s@]/.test(value)) return undefined;
  return value.replace(/\/+$/, '');
}

/** A word in the names of streams and keys. */
export function busPrefix(value: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined;
}

/** `postgres://user@host:5432/database?sslmode=require`: the password stands elsewhere, so that this can be shown. */
export function postgresUrl(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) return undefined;
  if (url.hostname === '' || url.hash !== '') return undefined;
  const hasSecret =
    url.password !== '' || [...url.searchParams.keys()].some((name) => /password|passfile/i.test(name));
  return hasSecret ? undefined : value;
}

/** Name of an S3 bucket. */
export function bucketName(value: string): string | undefined {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value) ? value : undefined;
}

/** What the names of objects begin with: empty, or segments that each end with a slash. */
export function objectPrefix(value: string): string | undefined {
  return /^(?:[A-Za-z0-9._-]+\/){0,8}$/.test(value) && !/(?:^|\/)\.\.?\//.test(value) ? value : undefined;
}

/** A path prefix in canonical form: `/npm`, or empty for every path. */
export function pathPrefix(value: string): string | undefined {
  const trimmed = value.replace(/\/$/, '');
  if (!/^(?:\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*$/.test(trimmed)) return undefined;
  return trimmed.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : trimmed;
}

/** An address block: `10.0.0.0/8`, `fd00::/8`, or one address. */
export function addressBlock(value: string): string | undefined {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return undefined;
  const widest = family === 4 ? 32 : 128;
  if (bits === undefined) return `${address.toLowerCase()}/${widest}`;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= widest
    ? `${address.toLowerCase()}/${Number(bits)}`
    : undefined;
}

/** A header field value: visible ASCII and inner blanks (RFC 9110 §5.5, without obs-text). */
export function fieldValue(value: string): string | undefined {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? value : undefined;
}

/** `@acme` */
export function scope(value: string): string | undefined {
  return /^@[a-z0-9~-][a-z0-9._~-]*$/i.test(value) ? value.toLowerCase() : undefined;
}

/** `left-pad` or `@acme/ui`: as new packages may be called, in lower case. */
export function packageName(value: string): string | undefined {
  const isName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(value);
  return isName && value.length <= 214 ? value : undefined;
}

/** `@acme/*`: a package name in which stars stand for any text. */
export function packagePattern(value: string): string | undefined {
  const isPattern = /^(?:@[\w.~*-]+\/)?[\w.~*-]+$/.test(value) || value === '*';
  return isPattern && value.length <= 214 ? value : undefined;
}

/** A name of whatever ecosystem, in which stars stand for any text: `requests`, `org.example:*`, `example.com/team/*`. */
export function anyPackagePattern(value: string): string | undefined {
  return /^[\x21-\x7e]{1,512}$/.test(value) ? value : undefined;
}

/** As its signatures and addresses name it; or none at all. */
export function checksumDatabase(value: string): string | undefined {
  return value === 'off' || /^[a-z0-9][a-z0-9.-]{0,252}$/.test(value) ? value : undefined;
}

/** The first segment of paths: `debian-security`. */
export function upstreamName(value: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/.test(value) ? value : undefined;
}

/** `lodash`, `lodash@<4.17.21`, `@acme/*`: the range behind the `@` is one of npm's, written out. */
export function packageSpec(value: string): string | undefined {
  const at = value.indexOf('@', 1);
  const name = at < 0 ? value : value.slice(0, at);
  const range = at < 0 ? '*' : value.slice(at + 1).trim();
  return packagePattern(name) !== undefined && isRange(range) ? value : undefined;
}

/** What is no range must not be taken for one: the runtime's semver takes any other word to mean all versions. */
function isRange(text: string): boolean {
  const number = '(?:\\d{1,15}|[xX*])';
  const words = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
  const partial = `v?${number}(?:\\.${number}(?:\\.${number}(?:-${words})?(?:\\+${words})?)?)?`;
  const comparators = `(?:[<>]=?|[=~^])?\\s*${partial}(?:\\s+(?:[<>]=?|[=~^])?\\s*${partial})*`;
  const range = `(?:${partial}\\s+-\\s+${partial}|${comparators})`;
  return text.length <= 256 && new RegExp(`^${range}(?:\\s*\\|\\|\\s*${range})*$`).test(text);
}

/** A name of whatever ecosystem, with versions after its last `@`: comparators between spaces or commas, `||` between alternatives. */
export function anyPackageSpec(value: string): string | undefined {
  const at = value.lastIndexOf('@');
  const name = at <= 0 ? value : value.slice(0, at);
  const range = at <= 0 ? '*' : value.slice(at + 1);
  return anyPackagePattern(name) !== undefined && isComparison(range) ? value : undefined;
}

/** What the versions in it have to look like is the ecosystem's to say. */
function isComparison(text: string): boolean {
  const one = '(?:[<>]=?|!?=)?\\s*[0-9A-Za-z][0-9A-Za-z.+~:!_-]*';
  const range = `\\s*(?:\\*|${one}(?:[\\s,]+${one})*)\\s*`;
  return text.length <= 256 && new RegExp(`^${range}(?:\\|\\|${range})*$`).test(text);
}

/** A moment as RFC 3339 has it. */
export function moment(value: string): string | undefined {
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(
    value,
  );
  return isMoment && Number.isFinite(Date.parse(value)) ? value : undefined;
}

/** Whether only this machine can reach a listener there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a listener there takes connections to every address of the machine. */
export function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Whether two listeners at these addresses want the same port for themselves. */
export function overlap(one: string, other: string): boolean {
  return one === other || isAnyAddress(one) || isAnyAddress(other);
}

/** The first word of names of images: a host, which may have a port. In lower case. */
export function registryName(text: string): string | undefined {
  return /^[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{1,5})?$/.test(text) ? text : undefined;
}

/** Names of images, where `*` stands for any text: `acme/*`. In lower case. */
export function imagesPattern(text: string): string | undefined {
  return /^[a-z0-9*](?:[a-z0-9*._/-]{0,253}[a-z0-9*])?$/.test(text) ? text : undefined;
}

/** Tags of images, where `*` stands for any text: `v*`. */
export function tagPattern(text: string): string | undefined {
  return /^[a-zA-Z0-9_*][a-zA-Z0-9._*-]{0,127}$/.test(text) ? text : undefined;
}

/** Images by name, with stars; after a colon some of their tags, or a range of versions; or by digest, or both. */
export function imageSpec(text: string): string | undefined {
  if (/^sha(?:256|512):/.test(text)) return isDigest(text) ? text : undefined;
  const at = text.indexOf('@');
  if (at >= 0) return fullImagesPattern(text.slice(0, at)) && isDigest(text.slice(at + 1)) ? text : undefined;
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  if (colon < 0) return fullImagesPattern(text);
  const tag = text.slice(colon + 1);
  const isVersions = /^[<>=~^]/.test(tag) && isRange(tag);
  return fullImagesPattern(text.slice(0, colon)) && (isVersions || tagPattern(tag)) ? text : undefined;
}

/** The same with the name of a source before it, which may have a port. */
export function fullImagesPattern(text: string): string | undefined {
  return imagesPattern(text.replace(/^([^/:]+):\d{1,5}\//, '$1/')) && text;
}

function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** A public key of a kind that images are signed with, in one PEM form for each key. */
export function publicKey(text: string): string | undefined {
  if (text.includes('PRIVATE')) return undefined;
  const key = keyIn(text);
  const kind = key?.asymmetricKeyType;
  const { namedCurve, modulusLength = 0 } = key?.asymmetricKeyDetails ?? {};
  const isKnown =
    kind === 'ed25519' ||
    (kind === 'ec' && (namedCurve === 'prime256v1' || namedCurve === 'P-256')) ||
    (kind === 'rsa' && modulusLength >= 2048);
  return isKnown ? key?.export({ type: 'spki', format: 'pem' }).toString() : undefined;
}

function keyIn(text: string): KeyObject | undefined {
  try {
    return createPublicKey(text);
  } catch {
    return undefined; // whatever is wrong with it, the config says what is expected
  }
}

/** `os/architecture` or `os/architecture/variant` (OCI Image Index, `platform`). */
export function platform(text: string): string | undefined {
  return /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/.test(text) ? text : undefined;
}

/** Names of nodes, where `*` stands for any text. */
export function nodePattern(text: string): string | undefined {
  return /^[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?$/.test(text) ? text : undefined;
}

const wordPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** Another word of such a name (OCI Distribution Specification, `<name>`). */
export function imageWord(text: string): string | undefined {
  return wordPattern.test(text) ? text : undefined;
}

/** One or more of them. The first may be that of a registry. */
export function imageName(text: string): string | undefined {
  const [first = '', ...rest] = text.split('/');
  const isName =
    (wordPattern.test(first) || registryName(first)) && rest.every((word) => wordPattern.test(word));
  return isName ? text : undefined;
}
