/** One of the renderings of an index, as a document that can be sent. */
import type { ProjectPage } from './index/page.ts';
import { writeHtmlList, writeHtmlPage, writeJsonList, writeJsonPage } from './index/write-page.ts';
import { renderings } from './negotiate.ts';

export interface Rendered {
  readonly body: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** @param form of the item. */
export function renderingIn(form: string | undefined, page: ProjectPage): Rendered {
  return documentIn(form, form === 'json' ? writeJsonPage(page) : writeHtmlPage(page));
}

export function listIn(form: string | undefined, names: readonly string[]): Rendered {
  return documentIn(form, form === 'json' ? writeJsonList(names) : writeHtmlList(names));
}

function documentIn(form: string | undefined, body: string): Rendered {
  return { body, type: typeOf(form), fields: { vary: 'accept' } };
}

function typeOf(form: string | undefined): string {
  if (form === 'json' || form === 'html') return renderings[form];
  return `${renderings.text}; charset=utf-8`;
}
