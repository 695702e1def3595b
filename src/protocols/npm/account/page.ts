/**
 * The page on which somebody logs in for a client that waits: a form, and nothing that runs. It says where the client is,
 * because whoever logs in gives that one a token.
 */
import type { Answer } from '../../../entry.ts';

export interface LoginPage {
  /** Of the client that waits. */
  readonly from: string | null;
  /** What went wrong before. */
  readonly problem?: string;
  /** The name that was given then. */
  readonly user?: string;
  /** New users may be made here. */
  readonly canSignUp: boolean;
}

/** @param retryAfterS for `Retry-After`. */
export function loginPage(
  { from, problem, user = '', canSignUp }: LoginPage,
  status: number,
  retryAfterS?: number,
): Answer {
  const client = from === null ? 'A client' : `A client at <strong>${escaped(from)}</strong>`;
  return page(
    status,
    'Log in',
    `<p>${client} asks for a token in your name. Go on only if you have just started <code>npm login</code> yourself.</p>
${problem === undefined ? '' : `<p role="alert">${escaped(problem)}</p>`}
<form method="post">
<label>User name <input name="user" value="${escaped(user)}" autocomplete="username" autocapitalize="none" required maxlength="64"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="1024"></label>
<button name="act" value="login">Log in</button>
${canSignUp ? '<button name="act" value="create">Become a user</button>' : ''}
</form>`,
    retryAfterS,
  );
}

export function messagePage(status: number, title: string, message: string): Answer {
  return page(status, title, `<p>${escaped(message)}</p>`);
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
label{display:block;margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem}
button{font:inherit;padding:.4rem 1.2rem}[role=alert]{color:#c00;font-weight:600}`;
const styleHash = new Bun.CryptoHasher('sha256').update(style).digest('base64');

/** Nothing is loaded, nothing runs, nobody frames it, and the form goes nowhere but here. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

function page(status: number, title: string, content: string, retryAfterS?: number): Answer {
  const text = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1>
${content}
</body></html>
`;
  const body = new TextEncoder().encode(text);
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(body.byteLength),
    'cache-control': 'no-store',
    'content-security-policy': policy,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  if (retryAfterS !== undefined) headers.set('retry-after', String(retryAfterS));
  return { status, headers, body };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
