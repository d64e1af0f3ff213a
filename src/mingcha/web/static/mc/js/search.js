// The search dialog: Ctrl K opens it, arrows move among the hits, Enter opens the first.
const dialog = document.getElementById('search');
const box = dialog?.querySelector('input');
const hits = () => [...dialog.querySelectorAll('.mc-hit')];

function open() {
  if (!dialog.open) dialog.showModal();
  box.focus();
  box.select();
}
document.addEventListener('click', (e) => {
  if (e.target.closest?.('[data-search-open]')) { e.preventDefault(); open(); }
  if (e.target === dialog) dialog.close();
});
addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); open(); }
});
dialog?.addEventListener('keydown', (e) => {
  const all = hits(), at = all.indexOf(document.activeElement);
  if (e.key === 'ArrowDown') { e.preventDefault(); all[Math.min(at + 1, all.length - 1)]?.focus(); }
  if (e.key === 'ArrowUp') { e.preventDefault(); if (at <= 0) box.focus(); else all[at - 1].focus(); }
  if (e.key === 'Escape') { e.preventDefault(); dialog.close(); } // a search box would only be emptied
  if (e.key === 'Home' && at > 0) { e.preventDefault(); all[0].focus(); }
  if (e.key === 'Enter' && document.activeElement === box && all.length && !e.isComposing) { e.preventDefault(); all[0].click(); }
});
// While a Chinese word is being composed nothing is asked for.
box?.addEventListener('htmx:confirm', (e) => { if (composing) e.preventDefault(); });
let composing = false;
box?.addEventListener('compositionstart', () => { composing = true; });
box?.addEventListener('compositionend', () => { composing = false; box.dispatchEvent(new Event('search')); });
