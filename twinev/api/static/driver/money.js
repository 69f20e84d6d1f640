// Amounts of money as people read them.

const LANGUAGE = document.documentElement.lang;

// What a session costs in all, with VAT. `cost` is SessionCostOut of the REST API.
export const money = (cost) =>
  new Intl.NumberFormat(LANGUAGE, { style: "currency", currency: cost.currency }).format(Number(cost.total.incl_vat));
