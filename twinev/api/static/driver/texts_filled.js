// Fills a text's braces.

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
