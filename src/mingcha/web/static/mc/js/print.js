// A document's one button.
document.querySelector('[data-prints]')?.addEventListener('click', () => print());
