// Parts of a page that HTMX fetches and that don't come: their place says so, keeps what stands around it, gives the
// request's number, and tries again. What asks by itself (the bell, a job's progress) just asks again next time.
const asksByItself = (elt) => /mc-poll|every/.test(elt?.getAttribute?.('hx-trigger') ?? '');

// The place for the message: of a list its rows, so that filters and views stay; else the part itself.
const placeOf = (target) => (target.id === 'list' ? target.querySelector('.mc-lscroll') ?? target : target);

function broken({ detail }) {
  const { elt, target, xhr, requestConfig: asked } = detail, place = target && placeOf(target);
  if (!place || asksByItself(elt)) return;
  const problem = xhr?.getResponseHeader('X-Problem') ? xhr.responseText.trim() : '';
  const number = xhr?.status ? xhr.getResponseHeader('X-Request-Id') : '';
  const said = document.getElementById('mc-broken').content.cloneNode(true);
  if (problem) said.querySelector('[data-why]').textContent = problem;
  if (number) {
    said.querySelector('[data-number]').textContent = number.slice(0, 12);
    said.querySelector('[data-id]').hidden = false;
  }
  said.querySelector('[data-again]').addEventListener('click', () => {
    const swap = target.id === 'list' ? 'outerHTML' : 'innerHTML', push = target.id === 'list' ? 'true' : undefined;
    htmx.ajax(asked.verb.toUpperCase(), asked.path, { target, swap, push, values: Object.fromEntries(asked.formData ?? []) });
  });
  place.replaceChildren(said);
  place.querySelector('[data-again]').focus({ preventScroll: true });
}

for (const name of ['htmx:sendError', 'htmx:timeout']) document.addEventListener(name, broken);
document.addEventListener('htmx:responseError', (e) => {
  if ([401, 403].includes(e.detail.xhr.status)) location.reload(); // rights changed, or signed out: the page itself says so
  else broken(e);
});

// Signed out meanwhile: the whole page goes to the sign-in, not a part of it.
document.addEventListener('htmx:beforeSwap', (e) => {
  if (new URL(e.detail.xhr.responseURL || location.href).pathname.startsWith('/account/sign-in/')) {
    e.detail.shouldSwap = false;
    location.reload();
  }
});
