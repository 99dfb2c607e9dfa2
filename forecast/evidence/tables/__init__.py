"""Any table an analyst has: sheets, headings, columns, dates and numbers, one file each; `reading` joins them."""
