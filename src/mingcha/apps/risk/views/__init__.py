"""The pages of risk: models and their papers, the risk of a jurisdiction, statements for firms, appeals."""
