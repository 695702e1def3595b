/** What browsers say of a request themselves (W3C Fetch Metadata Request Headers), which no page can make them say. */

/** Whether somebody goes to a page, and what is asked for is that page: only then do browsers heed early hints, and `Link`. */
export function isNavigation(headers: Headers): boolean {
  return headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document';
}
