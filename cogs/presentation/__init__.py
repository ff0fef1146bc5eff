"""How things look in Discord: cards, buttons, modals, and the words on them."""
