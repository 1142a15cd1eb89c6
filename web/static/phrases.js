// A phrase goes into the text field at the cursor: when it is chosen, or by Alt+1 to Alt+9 while typing. Without this
// script the button beside the list puts it at the end.
"use strict";

(() => {
  document.documentElement.classList.add("hy-scripted");

  function insert(field, words) {
    const [from, to] = [field.selectionStart, field.selectionEnd];
    field.setRangeText(words.slice(0, Math.max(field.maxLength - field.value.length, 0)), from, to, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function list_of(field) {
    return field.form?.querySelector(`select[data-phrases="${CSS.escape(field.name)}"]`);
  }

  document.addEventListener("change", (event) => {
    const list = event.target;
    if (!(list instanceof HTMLSelectElement) || !list.dataset.phrases || !list.value) return;
    const words = list.value;
    list.value = "";
    insert(list.form.elements.namedItem(list.dataset.phrases), words);
  });

  document.addEventListener("keydown", (event) => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (!digit || !event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLTextAreaElement)) return;
    const option = list_of(event.target)?.options[Number(digit[1])];
    if (!option) return;
    event.preventDefault();
    insert(event.target, option.value);
  });
})();
