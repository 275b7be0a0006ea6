"""What every route needs: parsing, responses, errors, templates."""
