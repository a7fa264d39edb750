// Sends the form by itself, once, when six digits are there (typed, pasted or filled in from the SMS).
const field = document.querySelector("input.code");
let sent = "";
field?.addEventListener("input", () => {
  const digits = field.value.replace(/\D/g, "").slice(0, 6);
  if (digits.length < 6 || digits === sent) return;
  field.value = sent = digits;
  field.form.requestSubmit();
});
