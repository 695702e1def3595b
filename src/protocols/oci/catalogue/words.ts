/** How an image describes itself, in the annotations that have a meaning (OCI Image Specification, Annotations), which builders also set as labels. */
import type { Described, Texts } from '../../../catalogue.ts';
import { webAddress } from '../../web-address.ts';
import { descriptionName } from '../outline.ts';

const own = 'org.opencontainers.image.';

type About = Pick<
  Described,
  'description' | 'licence' | 'keywords' | 'homepage' | 'repository' | 'maintainers'
>;

/** @param words `null`: nothing is known. */
export function aboutWords(
  words: {
    readonly texts: Texts;
    readonly chart: { readonly description: string | null; readonly home: string | null } | null;
  } | null,
): About {
  const { texts = {}, chart = null } = words ?? {};
  const text = (name: string) => texts[own + name] || null;
  const authors = text('authors') ?? text('vendor');
  return {
    description: texts[descriptionName] || chart?.description || '',
    licence: text('licenses'),
    keywords: [],
    homepage: webAddress(text('url') ?? text('documentation') ?? chart?.home ?? null),
    repository: webAddress(text('source')),
    maintainers: authors === null ? [] : [{ name: authors, email: null }],
  };
}
