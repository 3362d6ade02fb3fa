// An order in practice, given in the window: a limit below the market that rests and shows in the list of orders.

import { until } from "./webdriver.mjs";

const STEP_MS = 30_000;

/** The functions below run in the page, which sees nothing of this file. */

function ticketReady() {
  const ticket = document.querySelector('[data-testid="ticket"]');
  return ticket?.dataset.practice === "simulated" && !document.querySelector('[data-testid="standing"]');
}

function chooseKind(name) {
  const buttons = document.querySelectorAll('[role="group"][aria-label="Kind of order"] button');
  const found = [...buttons].find((button) => button.textContent.trim() === name);
  found?.click();
  return Boolean(found);
}

/** React hears of a value by the event that a keyboard would cause. */
function fill(testId, value) {
  const input = document.querySelector(`input[data-testid="${testId}"]`);
  if (!input) return false;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

function press(testId) {
  const button = document.querySelector(`[data-testid="${testId}"]`);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

function text(testId) {
  return document.querySelector(`[data-testid="${testId}"]`)?.textContent ?? "";
}

function showOrders() {
  const tabs = [...document.querySelectorAll(".dv-tab")].filter((tab) => tab.textContent.trim().startsWith("Orders"));
  // The panels listen to the pointer.
  for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
    tabs[0]?.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true }));
  }
  return tabs.length > 0;
}

function openOrders() {
  return document.querySelectorAll('[data-testid="orders-open"] tbody tr').length;
}

/** Gives the order and waits until it is in the list. Returns what the ticket said of it. */
export async function orderInPractice(session, price) {
  const step = (what, page, ...args) =>
    until(what, STEP_MS, async () => (await session.run(page, ...args)) || undefined);
  await step("the ticket takes orders", ticketReady);
  await step("a limit is chosen", chooseKind, "Limit");
  await step("a size is typed", fill, "ticket-amount", "0.01");
  await step("a price is typed", fill, "ticket-px", String(Math.round(price * 0.99)));
  await step("the order is reviewed", press, "ticket-review");
  await step("the order is sent", press, "ticket-send");
  const result = await until("the order rests", STEP_MS, async () => {
    const said = await session.run(text, "result");
    return said.includes("resting") ? said : undefined;
  });
  await step("the list of orders is shown", showOrders);
  await step("the order is in the list", openOrders);
  return result.trim();
}
