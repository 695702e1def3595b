/** Which manifest of an index a client takes. */

/** As an index describes it. */
export interface Offered {
  readonly digest: string;
  readonly size: number;
  /** `os/architecture`, with a variant where it has one; `null`: it is for no platform in particular. */
  readonly platform: string | null;
  /** Something about another manifest, such as its provenance: nobody pulls it. */
  readonly isAbout: boolean;
}

export interface Choice {
  readonly offered: Offered;
  /** 0 to 1. */
  readonly likelihood: number;
}

/** What those run on who do not say so, where there is something else as well. */
const commonest = 'linux/amd64';
const commonestShare = 0.85;

/** @param platform the client's; `null`: he does not say. @returns `null`: it cannot be told. */
export function choose(all: readonly Offered[], platform: string | null): Choice | null {
  const images = all.filter(({ isAbout }) => !isAbout);
  const [first, ...others] = images.filter(
    (each) => each.platform === null || platform === null || plain(each.platform) === platform,
  );
  if (first === undefined) return null;
  if (others.length === 0) return { offered: first, likelihood: 1 };
  if (platform !== null) return variantOf([first, ...others]);
  const isOne = images.every(
    (each) => each.platform !== null && plain(each.platform) === plain(first.platform ?? ''),
  );
  const common = images.filter((each) => each.platform !== null && plain(each.platform) === commonest);
  const chosen = variantOf(isOne ? images : common);
  return chosen && { ...chosen, likelihood: chosen.likelihood * (isOne ? 1 : commonestShare) };
}

/** Without a variant, everybody can run it. Of several that differ in what nobody tells (`arm/v6`, versions of Windows), it is one. */
function variantOf(same: readonly Offered[]): Choice | null {
  const plainOnes = same.filter((each) => each.platform !== null && each.platform === plain(each.platform));
  const [offered] = plainOnes.length > 0 ? plainOnes : same;
  const among = plainOnes.length > 0 ? plainOnes.length : same.length;
  return offered === undefined ? null : { offered, likelihood: 1 / among };
}

/** Every 64-bit ARM is v8. */
function plain(platform: string): string {
  const [os, architecture] = platform.split('/');
  return `${os}/${architecture}`;
}
