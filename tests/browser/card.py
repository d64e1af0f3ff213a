CARD: dict = {}
