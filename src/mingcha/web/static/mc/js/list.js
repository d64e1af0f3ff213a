// Keyboard on a list: arrows move, Enter opens, / searches. Rows come and go with HTMX, so nothing is kept here.
const rows = () => [...document.querySelectorAll('#list tbody tr')];
const at = () => rows().findIndex((row) => row.classList.contains('at'));

function move(to) {
  const all = rows();
  if (!all.length) return;
  all[at()]?.classList.remove('at');
  const row = all[Math.max(0, Math.min(all.length - 1, to))];
  row.classList.add('at');
  row.scrollIntoView({ block: 'nearest' });
  row.querySelector('a')?.focus({ preventScroll: true });
}
const page = (rel) => document.querySelector(`#list a[rel="${rel}"]`)?.click();

addEventListener('keydown', (e) => {
  if (e.target.matches('input, textarea, select, summary') || e.ctrlKey || e.metaKey || e.altKey) return;
  const act = {
    ArrowDown: () => move(at() + 1), ArrowUp: () => move(at() < 0 ? 0 : at() - 1), j: () => move(at() + 1), k: () => move(at() - 1),
    n: () => page('next'), p: () => page('prev'), '/': () => document.getElementById('list-search')?.focus(),
  }[e.key];
  if (act) { e.preventDefault(); act(); }
});

document.addEventListener('click', (e) => {
  const row = e.target.closest('#list tbody tr');
  if (!row || e.target.closest('a, button') || getSelection().toString()) return;
  row.querySelector('td a')?.click();
});

// After a search the words stay where they are typed: focus returns to the box, at its end.
document.addEventListener('htmx:afterSwap', (e) => {
  if (e.detail.requestConfig?.elt?.matches?.('.mc-lsearch')) {
    const box = document.getElementById('list-search');
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }
});
document.addEventListener('htmx:responseError', (e) => {
  if (e.detail.xhr.status === 403 || e.detail.xhr.status === 401) location.reload();
});
