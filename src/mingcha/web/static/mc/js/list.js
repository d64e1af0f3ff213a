// Keyboard on a list: arrows move, x ticks, Enter opens, / searches. Rows come and go with HTMX, so nothing is kept here.
const rows = () => [...document.querySelectorAll('#list tbody tr')];
const at = () => rows().findIndex((row) => row.classList.contains('at'));
const boxes = () => [...document.querySelectorAll('#list tbody .mc-ck')];

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

function tick() {
  const box = rows()[at()]?.querySelector('.mc-ck');
  if (!box) return;
  box.checked = !box.checked;
  picked();
}

// The bar shows itself when a row is ticked (list.css); here it learns how many.
function picked() {
  const all = boxes(), some = all.filter((box) => box.checked), head = document.querySelector('[data-pick-page]');
  for (const box of all) box.closest('tr').toggleAttribute('aria-selected', box.checked);
  if (head) { head.checked = some.length > 0 && some.length === all.length; head.indeterminate = some.length > 0 && some.length < all.length; }
  const count = document.querySelector('[data-picked]'), every = document.querySelector('#bulk [name=all]');
  if (count) count.textContent = some.length.toLocaleString('en');
  if (every && !some.length) every.checked = false;
}
function unpick() {
  for (const box of boxes()) box.checked = false;
  picked();
}

let last = -1; // with Shift, all between two ticks
document.addEventListener('click', (e) => {
  const box = e.target.closest?.('#list tbody .mc-ck');
  if (box) {
    const all = boxes(), here = all.indexOf(box);
    if (e.shiftKey && last >= 0) for (let i = Math.min(here, last); i <= Math.max(here, last); i++) all[i].checked = box.checked;
    last = here;
    picked();
  } else if (e.target.matches?.('[data-pick-page]')) {
    for (const each of boxes()) each.checked = e.target.checked;
    picked();
  } else if (e.target.closest?.('[data-unpick]')) {
    e.preventDefault();
    unpick();
  }
});
addEventListener('pageshow', picked); // a browser that goes back brings old ticks with it

addEventListener('keydown', (e) => {
  if (e.key === 'Escape' && boxes().some((box) => box.checked) && !document.querySelector('dialog[open]')) unpick();
  if (e.target.matches('input:not(.mc-ck), textarea, select, summary') || e.ctrlKey || e.metaKey || e.altKey) return;
  const act = {
    ArrowDown: () => move(at() + 1), ArrowUp: () => move(at() < 0 ? 0 : at() - 1), j: () => move(at() + 1), k: () => move(at() - 1), x: tick,
    n: () => page('next'), p: () => page('prev'), '/': () => document.getElementById('list-search')?.focus(),
  }[e.key];
  if (act) { e.preventDefault(); act(); }
});

document.addEventListener('click', (e) => {
  const row = e.target.closest('#list tbody tr');
  if (!row || e.target.closest('a, button, input, label') || getSelection().toString()) return;
  if (e.target.closest('.ck')) row.querySelector('.mc-ck')?.click();
  else row.querySelector('td a')?.click();
});

// Rows twice as high, or not: kept for all lists.
document.addEventListener('click', (e) => {
  if (!e.target.closest?.('[data-density]:is(button)')) return;
  const root = document.documentElement, dense = root.dataset.density !== 'dense';
  if (dense) root.dataset.density = 'dense'; else delete root.dataset.density;
  document.cookie = `mc_density=${dense ? 'dense' : ''}; path=/; max-age=31536000; samesite=lax`;
});

// An act that asks: its dialog has come.
document.addEventListener('htmx:afterSwap', (e) => {
  const dialog = e.detail.target.querySelector?.(':scope > dialog[data-shown]');
  if (dialog) dialog.showModal();
});

// What takes longer than 300 ms shows that it is under way: rows without words, at the rows' own height.
let slow;
document.addEventListener('htmx:beforeRequest', (e) => {
  if (e.detail.target?.id !== 'list') return;
  clearTimeout(slow);
  slow = setTimeout(() => document.getElementById('list')?.classList.add('slow'), 300);
});
document.addEventListener('htmx:afterRequest', (e) => {
  if (e.detail.target?.id !== 'list') return;
  clearTimeout(slow);
  document.getElementById('list')?.classList.remove('slow');
});

// After a search the words stay where they are typed: focus returns to the box, at its end.
document.addEventListener('htmx:afterSwap', (e) => {
  if (e.detail.requestConfig?.elt?.matches?.('.mc-lsearch')) {
    const box = document.getElementById('list-search');
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }
});
picked();
