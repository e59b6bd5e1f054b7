/** The two small pages that a browser sees between the provider and the UI: one that goes on by itself, and one that says what went wrong. */

/** Goes on at once. The session cookie is SameSite=Strict, which a browser does not send on a redirect that another site began; a page of ours begins anew. */
export function onwardPage(path: string): string {
  return page('Signed in', `<meta http-equiv="refresh" content="0; url=${escaped(path)}">`, `<p><a href="${escaped(path)}">Go on</a></p>`);
}

export function failurePage({ title, detail }: { readonly title: string; readonly detail: string }): string {
  return page(title, '', `<h1>${escaped(title)}</h1><p>${escaped(detail)}</p><p><a href="/">Back</a></p>`);
}

function page(title: string, head: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>${head}</head><body>${body}</body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
