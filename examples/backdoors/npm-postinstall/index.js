"use strict";

/** Moves each line of the text to the right. */
module.exports = (text, columns) => text.replace(/^/gm, " ".repeat(columns));
