"""The pages of the site, held against what others have written down: WCAG 2.2 AA (axe-core), HTML (the Nu checker), Lighthouse."""
